//! A customer's program: let in by an administrator, it gets its tokens by itself and drops files with credentials that it asks for.

use authz::Role;
use authz::matrix::open_to_programs;
use aws_sdk_s3::config::{Credentials, Region};
use local::client::{Answer, send};
use serde_json::{Value, json};

use crate::actor::Actor;
use crate::logs;
use crate::world::{Tenant, World};

/// The kinds of files that the demo tenants' contracts let programs drop.
const DROP_KINDS: [&str; 3] = ["departments", "employees", "checkups"];

/// A program as the service answered it when it was let in.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its id.
    pub id: String,
    /// What it calls itself when it asks for a token.
    pub oauth_id: String,
    /// Its credential.
    pub credential: String,
    /// Its secret; empty where it has a key of its own.
    pub secret: String,
}

impl Program {
    /// Reads the answer that made it, or that made a credential for it.
    #[must_use]
    pub fn of(answer: &Answer) -> Self {
        let made = answer.json();
        assert!(matches!(answer.status, 200 | 201), "{made}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let secret = text(&made["client_secret"]);
        logs::plant([&secret].into_iter().filter(|secret| !secret.is_empty()));
        let (client, credential) = (&made["client"], text(&made["credential_id"]));
        Self { id: text(&client["id"]), oauth_id: text(&client["oauth_client_id"]), credential, secret }
    }

    /// Where it is read.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/v1/api-clients/{}", self.id)
    }

    /// The form by which it asks for a token with its secret.
    #[must_use]
    pub fn form(&self) -> String {
        let Self { oauth_id, secret, .. } = self;
        format!("grant_type=client_credentials&client_id={oauth_id}&client_secret={secret}")
    }
}

impl World {
    /// Asks for a token with this form.
    pub async fn ask_token(&self, form: &str, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("Content-Type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        let answer = send("POST", &format!("{}/v1/oauth/token", self.api()), &all, form.to_owned()).await;
        let answer = answer.expect("the API should answer");
        logs::plant(answer.json()["access_token"].as_str());
        answer
    }
}

impl Tenant {
    /// Lets a program in; `more` is what the body says beside its name.
    pub async fn let_in(&self, more: Value) -> Program {
        let mut body = json!({ "name": "勤怠システム連携" });
        body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        let answer = self.actor("administrator").fresh().await.post("/v1/api-clients", body).await;
        Program::of(&answer)
    }

    /// A program that may do all that a program can be given.
    pub async fn mighty_program(&self) -> Program {
        let scopes: Vec<_> = open_to_programs().iter().map(authz::PermissionId::name).collect();
        self.let_in(json!({ "scopes": scopes, "drop_kinds": DROP_KINDS })).await
    }

    /// Somebody of this tenant with all that one role gives; for operators, one of the provider's.
    pub async fn somebody(&self, role: Role) -> Actor {
        match role {
            Role::Operator => self.world().operator(1),
            Role::ApiClient => Actor::program(self.world(), &self.mighty_program().await),
            role => self.actor(role.name()),
        }
    }
}

/// S3 with what `POST /v1/drop-credentials` answered.
#[must_use]
pub fn s3_session(world: &World, issued: &Value) -> aws_sdk_s3::Client {
    let text = |name: &str| issued[name].as_str().unwrap_or_else(|| panic!("{name} in {issued}")).to_owned();
    logs::plant([text("secret_access_key"), text("session_token")]);
    let credentials =
        Credentials::new(text("access_key_id"), text("secret_access_key"), Some(text("session_token")), None, "issued");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version_latest()
        .region(Region::new(text("region")))
        .endpoint_url(&world.service().endpoints().s3)
        .credentials_provider(credentials)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}
