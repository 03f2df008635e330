//! 2 OSコマンドインジェクション. Nothing here starts a program; so nothing that is sent can.

use std::fs;
use std::path::{Path, PathBuf};

use tests::run;

use super::stage::Stage;

#[test]
fn r27_no_opening_and_no_cell_runs_a_command() {
    run(async {
        let stage = Stage::of(2).await;
        // What a command would leave behind.
        let folder = tempfile::tempdir().unwrap();
        let touch = format!("touch {}/here", folder.path().display());
        let payloads = [
            format!("; {touch} ;"),
            format!("$({touch})"),
            format!("`{touch}`"),
            format!("| {touch}"),
            format!("x\n{touch}\n"),
            format!("&& {touch} #"),
            format!("() {{ :; }}; {touch}"),
        ];
        let payloads: Vec<&str> = payloads.iter().map(String::as_str).collect();
        stage.attack(&payloads).await;
        stage.attack_imports(&payloads).await;
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "a command ran");
    });
}

#[test]
fn r27_nothing_that_is_deployed_starts_a_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in ["functions", "shared"] {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 100, "the sources should be found");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for way in ["process::Command", "Command::new", "posix_spawn", "libc::exec", "libc::system"] {
            assert!(!text.contains(way), "{} uses {way}", file.display());
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
