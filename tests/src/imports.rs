//! Importing files, both ways.

use local::client::send;
use serde_json::{Value, json};

use crate::actor::Actor;
use crate::wait::eventually;

/// The sample files: an invented company of a thousand.
pub const DEPARTMENTS: &[u8] = include_bytes!("../data/departments.csv");
/// Employees, `Shift_JIS`.
pub const EMPLOYEES: &[u8] = include_bytes!("../data/employees.sjis.csv");
/// Checkups of fiscal year 2025, `Shift_JIS`.
pub const CHECKUPS_2025: &[u8] = include_bytes!("../data/checkups-2025.sjis.csv");
/// Checkups of fiscal year 2026, `Shift_JIS`.
pub const CHECKUPS_2026: &[u8] = include_bytes!("../data/checkups-2026.sjis.csv");

/// Steps and sleep of two hundred of the employees in October 2026.
pub const LIFELOGS: &[u8] = include_bytes!("../data/lifelogs.csv");
/// Working hours of seven months.
pub const WORKING_HOURS: &[u8] = include_bytes!("../data/working-hours.csv");

/// Accounts of some of the employees, each opened in another way, `Shift_JIS`.
pub const ACCOUNTS: &[u8] = include_bytes!("../data/accounts.sjis.csv");

/// States in which nothing more happens by itself.
pub const SETTLED: [&str; 6] = ["checked", "rejected", "applied", "applied_with_conflicts", "failed", "undone"];

/// A file in Windows-31J with the line ends of Windows, as Excel in Japan saves it.
#[must_use]
pub fn sjis(lines: &[&str]) -> Vec<u8> {
    encoding_rs::SHIFT_JIS.encode(&(lines.join("\r\n") + "\r\n")).0.into_owned()
}

/// The text of a file in Windows-31J.
#[must_use]
pub fn from_sjis(file: &[u8]) -> String {
    encoding_rs::SHIFT_JIS.decode(file).0.into_owned()
}

/// Starts an import: its id, and where to send the file.
pub async fn start(actor: &Actor, kind: &str, options: Value) -> (String, String) {
    let mut body = json!({ "kind": kind, "file_name": format!("{kind}.csv") });
    let more = options.as_object().cloned().unwrap_or_default();
    body.as_object_mut().expect("an object").extend(more);
    let answer = actor.post("/v1/imports", body).await;
    assert_eq!(answer.status, 201, "an import of {kind} should start: {}", answer.json());
    let import = answer.json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&import["id"]), text(&import["upload"]["url"]))
}

/// Sends a file to where an import wants it; the status.
pub async fn upload(url: &str, file: &[u8]) -> u16 {
    send("PUT", url, &[], file.to_vec()).await.expect("S3 should answer").status
}

/// Waits until an import has come to an end.
pub async fn settled(actor: &Actor, import: &str) -> Value {
    eventually(&format!("{import} comes to an end"), async || {
        let answer = actor.get(&format!("/v1/imports/{import}")).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let import = answer.json();
        SETTLED.contains(&import["state"].as_str().unwrap_or_default()).then_some(import)
    })
    .await
}

/// Imports a file through the API and waits for the end of it.
pub async fn import(actor: &Actor, kind: &str, file: &[u8], options: Value) -> Value {
    let (id, url) = start(actor, kind, options).await;
    let sent = send("PUT", &url, &[], file.to_vec()).await.expect("S3 should answer");
    assert_eq!(sent.status, 200, "the upload should be taken: {}", String::from_utf8_lossy(&sent.body));
    settled(actor, &id).await
}

/// The lines of an import's error file, without its heading.
pub async fn faults(actor: &Actor, import: &Value) -> Vec<Vec<String>> {
    let path = import["errors_url"].as_str().unwrap_or_else(|| panic!("there should be an error file: {import}"));
    let answer = actor.get(path).await;
    assert_eq!(answer.status, 200);
    let text = String::from_utf8(answer.body.to_vec()).expect("UTF-8");
    let text = text.strip_prefix('\u{feff}').expect("Excel wants a byte order mark");
    csv_rows(text).into_iter().skip(1).collect()
}

/// Rows of a CSV whose fields may be quoted.
#[must_use]
pub fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![Vec::new()];
    let mut field = String::new();
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    let end = |rows: &mut Vec<Vec<String>>, field: &mut String| {
        rows.last_mut().expect("a row").push(std::mem::take(field));
    };
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => end(&mut rows, &mut field),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                end(&mut rows, &mut field);
                rows.push(Vec::new());
            }
            letter => field.push(letter),
        }
    }
    if !field.is_empty() || rows.last().is_some_and(|row| !row.is_empty()) {
        end(&mut rows, &mut field);
    }
    rows.retain(|row| !row.is_empty());
    rows
}
