//! The house rules that `cargo metadata` can show: imports run downwards only.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Every member of the workspace with the members that it depends on, and where it lies.
fn members() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path", manifest])
        .output()
        .expect("cargo metadata should run");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata should be JSON");
    let root = metadata["workspace_root"].as_str().unwrap().to_owned() + "/";
    let packages = metadata["packages"].as_array().unwrap();
    let names: BTreeSet<_> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    let member = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let inner = dependencies
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| dependency["name"].as_str().unwrap())
            .filter(|name| names.contains(name));
        let place = package["manifest_path"].as_str().unwrap().strip_prefix(&root).unwrap().to_owned();
        (package["name"].as_str().unwrap().to_owned(), (place, inner.map(str::to_owned).collect()))
    };
    packages.iter().map(member).collect()
}

/// How high a crate stands. Whatever it imports stands lower.
fn floor(name: &str, place: &str) -> u8 {
    match name {
        "charts" | "domain" => 0,
        "authz" | "papers" | "vault" => 1,
        "store" => 2,
        "endpoint" | "jobs" => 3,
        _ if place.starts_with("functions/") => 4,
        "local" => 5,
        "tests" => 6,
        "bench" => 7,
        other => panic!("{other} ({place}) has no floor: say here where it stands"),
    }
}

#[test]
fn imports_run_downwards_only() {
    let members = members();
    for (name, (place, imports)) in &members {
        for import in imports {
            let (of, on) = (floor(name, place), floor(import, &members[import].0));
            assert!(on < of, "{name} must not depend on {import}: imports run downwards only");
        }
    }
}

#[test]
fn no_door_can_make_a_permit_of_a_job() {
    for (name, (place, imports)) in members() {
        if place.starts_with("functions/api/") {
            assert!(!imports.contains("jobs"), "{name} must not depend on jobs: its permits come from decisions");
        }
        if place.starts_with("functions/events/") {
            assert!(!imports.contains("endpoint"), "{name} is called by nobody and needs no endpoint");
        }
    }
}
