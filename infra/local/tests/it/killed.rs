//! kill -9 in the middle of an import: the real process, twice on the same directory. (R-33: each row once.)

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use local::service::endpoints::{DemoAccount, Endpoints};
use serde_json::{Value, json};
use totp_rs::{Algorithm, Builder, Secret};

use crate::support::{send, soon};

/// The running process; killed without a word when the test ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the service on a directory; where it answers.
async fn start(directory: &Path) -> (Process, Endpoints) {
    let _ = std::fs::remove_file(directory.join("endpoints.json"));
    let child = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["--api-port", "0", "--s3-port", "0", "--data-dir"])
        .arg(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let process = Process(child);
    let file = directory.join("endpoints.json");
    let endpoints = soon("the service serves", async {
        loop {
            if let Ok(bytes) = std::fs::read(&file) {
                return serde_json::from_slice(&bytes).ok();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    (process, endpoints)
}

async fn call(endpoints: &Endpoints, method: &str, path: &str, token: Option<&str>, body: Value) -> Value {
    let authorization = token.map(|token| format!("Bearer {token}")).unwrap_or_default();
    let headers = [("content-type", "application/json"), ("authorization", authorization.as_str())];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = send(method, &format!("{}{path}", endpoints.api), &headers, body).await;
    assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.json());
    answer.json()
}

async fn sign_in(endpoints: &Endpoints, account: &DemoAccount) -> String {
    let code = &endpoints.people.tenants[0].tenant_code;
    let body = json!({ "tenant_code": code, "login_id": account.login_id, "password": account.password });
    let begun = call(endpoints, "POST", "/v1/sessions", None, body).await;
    let secret = Secret::try_from_base32(account.totp_secret.clone().unwrap()).unwrap();
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(secret)
        .build()
        .unwrap();
    let now = u64::try_from(local::Clock::default().timestamp().as_second()).unwrap();
    let body = json!({ "challenge_token": begun["challenge_token"], "code": totp.generate(now).to_string() });
    let tokens = call(endpoints, "POST", "/v1/sessions/otp", None, body).await;
    tokens["access_token"].as_str().unwrap().to_owned()
}

/// How many people the file has: some seconds' work.
const PEOPLE: usize = 1_600;

/// A file of so many.
fn file() -> String {
    let header = "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,雇用形態,在籍区分\n";
    (0..PEOPLE).fold(header.to_owned(), |file, number| {
        file + &format!("K{number:04},試験 太郎,シケン タロウ,1990-01-01,男,2020-04-01,W01,X110,正社員,在籍\n")
    })
}

async fn employees(endpoints: &Endpoints, token: &str) -> Vec<String> {
    let mut numbers = Vec::new();
    let mut path = "/v1/employees?limit=200".to_owned();
    loop {
        let page = call(endpoints, "GET", &path, Some(token), Value::Null).await;
        numbers
            .extend(page["items"].as_array().unwrap().iter().map(|employee| employee["employee_number"].to_string()));
        let Some(cursor) = page["next_cursor"].as_str() else { return numbers };
        path = format!("/v1/employees?limit=200&cursor={cursor}");
    }
}

#[tokio::test]
async fn an_import_that_was_killed_in_the_middle_is_finished_after_the_restart_with_each_row_once() {
    let directory = tempfile::tempdir().unwrap();
    let administrators = |endpoints: &Endpoints| {
        let accounts = endpoints.people.tenants[0].accounts.clone();
        accounts.into_iter().filter(|account| account.role == "administrator").collect::<Vec<_>>()
    };
    let (process, endpoints) = start(directory.path()).await;
    let token = sign_in(&endpoints, &administrators(&endpoints)[0]).await;
    let new = json!({ "kind": "employees", "file_name": "全社.csv" });
    let import = call(&endpoints, "POST", "/v1/imports", Some(&token), new).await;
    let upload = send("PUT", import["upload"]["url"].as_str().unwrap(), &[], file()).await;
    assert_eq!(upload.status, 200);
    let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
    soon("rows are being applied", async {
        loop {
            match call(&endpoints, "GET", &path, Some(&token), Value::Null).await["state"].as_str() {
                Some("applying") => return Some(()),
                Some("applied") => panic!("the file is too short to be killed in the middle of"),
                _ => {}
            }
        }
    })
    .await;
    drop(process);

    let (_process, endpoints) = start(directory.path()).await;
    // The other one: a one-time password works once, and half a minute is not over.
    let token = sign_in(&endpoints, &administrators(&endpoints)[1]).await;
    let done = soon("the import ends", async {
        loop {
            let import = call(&endpoints, "GET", &path, Some(&token), Value::Null).await;
            if !matches!(import["state"].as_str(), Some("waiting" | "checking" | "applying")) {
                return Some(import);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!((&done["state"], &done["rows"]["applied"]), (&json!("applied"), &json!(PEOPLE)), "{done}");
    let numbers = employees(&endpoints, &token).await;
    assert_eq!(
        (numbers.len(), numbers.iter().collect::<BTreeSet<_>>().len()),
        (PEOPLE + 3, PEOPLE + 3),
        "each row once"
    );
}
