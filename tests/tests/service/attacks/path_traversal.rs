//! 3 パス名パラメータの未チェック／ディレクトリ・トラバーサル. What a caller calls a file is kept, and leads nowhere.

use authz::Role;
use serde_json::json;
use tests::run;

use super::stage::{Stage, encoded, harmless};

const PAYLOADS: [&str; 8] = [
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd\0.csv",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "....//....//etc/passwd",
    "file:///etc/passwd",
    "．．／．．／etc／passwd",
    "../made/x/../../drop/employees/y.csv",
];

#[test]
fn r27_no_opening_and_no_cell_leads_to_a_file() {
    run(async {
        let stage = Stage::of(3).await;
        stage.attack(&PAYLOADS).await;
        stage.attack_imports(&PAYLOADS).await;
    });
}

#[test]
fn r27_the_name_of_a_file_is_no_part_of_where_it_is_kept() {
    run(async {
        let stage = Stage::of(3).await;
        let hr = stage.somebody(Role::Hr);
        for payload in PAYLOADS.iter().chain(&["a\r\nX-Injected: 1.csv", "\"; filename=\"x.exe", "..", "."]) {
            let answer = hr.post("/v1/imports", json!({ "kind": "employees", "file_name": payload })).await;
            harmless("an import", &answer, if answer.status < 400 { "" } else { payload });
            if answer.status == 422 {
                continue;
            }
            assert_eq!(answer.status, 201, "{payload:?}: {}", answer.json());
            let started = answer.json();
            let url = started["upload"]["url"].as_str().unwrap();
            let key = url.split('?').next().unwrap();
            assert!(!key.contains("..") && !key.contains("passwd") && !key.contains("%2"), "{payload:?} is in {key}");
            assert!(key.contains(&format!("{}/api/employees/", stage.tenant.id())), "{key}");
        }
    });
}

#[test]
fn r27_a_dropped_file_lands_with_its_own_customer_whatever_it_is_called() {
    run(async {
        let stage = Stage::of(3).await;
        let other = stage.world().another_tenant().await;
        let bucket = &stage.world().service().endpoints().imports_bucket;
        let (own, s3) = (stage.tenant.id(), stage.tenant.s3());
        let put = async |key: String| {
            s3.put_object().bucket(bucket).key(key).body(b"x".to_vec().into()).send().await.map(|_| ()).map_err(drop)
        };
        for key in [
            format!("{}/drop/employees/a.csv", other.id()),
            format!("{own}/made/a.csv"),
            format!("{own}/../{}/drop/employees/a.csv", other.id()),
            format!("/{own}/drop/employees/a.csv"),
        ] {
            assert_eq!(put(key.clone()).await, Err(()), "{key} should be refused");
        }
        // This one is a name, and S3 knows no folders: it is the customer's own file with an odd name.
        let _ = put(format!("{own}/drop/employees/../../../{}/drop/employees/a.csv", other.id())).await;
        let theirs = other.actor("administrator").all("/v1/imports").await;
        assert_eq!(theirs, Vec::<serde_json::Value>::new(), "nothing of it is the other's");
    });
}

#[test]
fn r27_the_reference_serves_its_own_files_alone() {
    run(async {
        let stage = Stage::of(3).await;
        for payload in PAYLOADS {
            for base in ["/v1/docs", "/v1/problems", "/.well-known", "/v1"] {
                let answer = stage.stranger.get(&format!("{base}/{}", encoded(payload))).await;
                assert!(matches!(answer.status, 404 | 405), "{base} with {payload:?}: {}", answer.status);
            }
        }
        for path in [
            "/v1/docs/../../etc/passwd",
            "/v1/docs/%2e%2e/%2e%2e/etc/passwd",
            "/v1//docs/reference.js/../x",
            "/../v1/me",
        ] {
            assert_ne!(stage.stranger.get(path).await.status, 200, "{path}");
        }
    });
}
