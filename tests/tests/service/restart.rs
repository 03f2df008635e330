//! State on disk: a restart, and a kill, keep everything.

use local::ServiceOptions;
use local::service::endpoints::Endpoints;
use serde_json::json;
use tests::{World, run};

#[test]
fn a_restart_with_the_same_directory_keeps_everything() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let options = || ServiceOptions::in_directory(directory.path());
        let path = {
            let world = World::start(options()).await;
            let administrator = world.tenant(0).actor("administrator");
            let body =
                json!({ "login_id": "nokoru@example.jp", "name": "残留 子", "initial_password": "Saigo-Made-2026" });
            let answer = administrator.post("/v1/accounts", body).await;
            assert_eq!(answer.status, 201, "{}", answer.json());
            answer.header("location").to_owned()
            // Nobody shuts anything down: the service is dropped as it stands.
        };
        let written = || -> Endpoints {
            serde_json::from_slice(&std::fs::read(directory.path().join("endpoints.json")).unwrap()).unwrap()
        };
        let before = written();
        let world = World::start(options()).await;
        assert_eq!(before.people, written().people, "who may sign in should be the same");
        assert_eq!(written().api, world.api());
        let administrator = world.tenant(0).nth("administrator", 1);
        let there = administrator.get(&path).await;
        assert_eq!((there.status, &there.json()["login_id"]), (200, &json!("nokoru@example.jp")), "{}", there.json());
        let accounts = administrator.all("/v1/accounts").await;
        assert_eq!(accounts.len(), 12, "the demo should not be made twice");
    });
}

#[test]
fn the_service_also_answers_under_a_stages_own_address() {
    run(async {
        // As deployed without a domain: the stage is part of the address, and of no route. lambda_http puts a stage into
        // the path unless it is there already, or told not to (AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH), which a process with
        // several functions cannot be; a stage called like the routes' first segment is there already.
        let shape = local::gateway::Shape::Stage { stage: "v1".to_owned() };
        let world = World::start(ServiceOptions { shape, demo: false, ..ServiceOptions::ephemeral() }).await;
        let status = tests::anonymous(&world).get("/v1/v1/status").await;
        assert_eq!(status.status, 200, "{}", status.json());
        assert_eq!(tests::anonymous(&world).get("/v1/status").await.status, 404);
    });
}
