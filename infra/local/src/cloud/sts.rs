//! STS, as far as sessions need it: `AssumeRole` with a session policy, which S3 then holds the session to. What the role itself allows is in the templates, and is not
//! looked at here; a session without a policy of its own would have all of it, and is refused.

use aws_lc_rs::digest::{SHA256, digest};
use http::{HeaderValue, StatusCode, header};
use hyper::body::Incoming;
use serde::Deserialize;
use uuid::Uuid;

use super::iam::{self, Iam};
use super::s3::{AccessKey, S3Store, Session};
use crate::clock::Clock;
use crate::counters::Counters;
use crate::serve::{self, Answer, BoxError, ServiceError};
use crate::{ACCOUNT, hex};

/// STS takes policies of up to 2,048 characters.
const LONGEST_POLICY: usize = 2_048;
/// Seconds that a session lasts: at least, unless it says, and at most.
const SECONDS: (u64, u64, u64) = (900, 3_600, 43_200);

/// The unique id of a role, by which its sessions are told from those of a later role with the same name.
#[must_use]
pub fn role_id(arn: &str) -> String {
    format!("AROA{}", &hex(digest(&SHA256, arn.as_bytes()).as_ref())[..17].to_uppercase())
}

/// Makes sessions.
#[derive(Clone, Debug)]
pub(crate) struct Sts {
    s3: S3Store,
    clock: Clock,
    counters: Counters,
    iam: Option<Iam>,
}

/// A policy, as far as it speaks of S3.
#[derive(Deserialize)]
struct Policy {
    #[serde(rename = "Statement")]
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    effect: String,
    action: OneOrMore,
    resource: OneOrMore,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn each(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}

fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::client("ValidationError", message)
}

/// Where a policy lets objects be put: the bucket, and the prefixes in it.
fn prefixes(policy: &str) -> Result<(String, Vec<String>), ServiceError> {
    let malformed = || ServiceError::client("MalformedPolicyDocument", "not a policy that is understood here");
    let policy: Policy = serde_json::from_str(policy).map_err(|_| malformed())?;
    let mut bucket = None;
    let mut put = Vec::new();
    for Statement { effect, action, resource } in &policy.statements {
        if effect != "Allow" {
            return Err(malformed());
        }
        if !action.each().iter().any(|action| action == "s3:PutObject") {
            continue;
        }
        for resource in resource.each() {
            let object = resource.strip_prefix("arn:aws:s3:::").and_then(|rest| rest.strip_suffix('*'));
            let (of, prefix) = object.and_then(|object| object.split_once('/')).ok_or_else(malformed)?;
            if *bucket.get_or_insert(of) != of || prefix.contains(['*', '?']) {
                return Err(malformed());
            }
            put.push(prefix.to_owned());
        }
    }
    Ok((bucket.unwrap_or_default().to_owned(), put))
}

impl Sts {
    pub(crate) fn new(s3: S3Store, clock: Clock, counters: Counters, iam: Option<Iam>) -> Self {
        Self { s3, clock, counters, iam }
    }

    /// Answers one request of the query protocol.
    pub(crate) async fn answer(self, request: http::Request<Incoming>) -> Result<Answer, BoxError> {
        let signer = iam::signer(request.headers()).map(str::to_owned);
        let outcome = match serve::read_body(request.into_body(), 64 * 1024).await {
            Ok(body) => self.call(signer.as_deref(), &String::from_utf8_lossy(&body)),
            Err(error) => Err(error),
        };
        self.counters.called("sts", "AssumeRole", outcome.is_err());
        let (status, body) = match outcome {
            Ok(body) => (StatusCode::OK, body),
            Err(ServiceError { status, code, message }) => {
                let error =
                    format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
                (status, format!("<ErrorResponse>{error}<RequestId>local</RequestId></ErrorResponse>"))
            }
        };
        let mut answer = http::Response::new(serve::full(body));
        *answer.status_mut() = status;
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        Ok(answer)
    }

    fn call(&self, signer: Option<&str>, form: &str) -> Result<String, ServiceError> {
        let pairs = crate::gateway::query_pairs(form);
        let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let required = |name: &str| value(name).ok_or_else(|| invalid(format!("{name} is missing")));
        if value("Action") != Some("AssumeRole") {
            return Err(ServiceError::client("InvalidAction", "not served here"));
        }
        let (arn, name, policy) = (required("RoleArn")?, required("RoleSessionName")?, required("Policy")?);
        if let Some(iam) = &self.iam {
            let request = iam::Request::new("sts:AssumeRole", arn);
            iam.check(signer, &[request]).map_err(|refused| ServiceError::client("AccessDenied", refused))?;
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_=,.@-".contains(c);
        if !(2..=64).contains(&name.len()) || !name.chars().all(is_name) {
            return Err(invalid("RoleSessionName"));
        }
        if policy.len() > LONGEST_POLICY {
            return Err(ServiceError::client("PackedPolicyTooLarge", "the policy is too long"));
        }
        let (least, usual, most) = SECONDS;
        let seconds = value("DurationSeconds").map_or(Ok(usual), str::parse).map_err(|_| invalid("DurationSeconds"))?;
        if !(least..=most).contains(&seconds) {
            return Err(invalid("DurationSeconds"));
        }
        let (bucket, put) = prefixes(policy)?;
        let random = || Uuid::new_v4().simple().to_string();
        let expires_ms = self.clock.millis() + i64::try_from(seconds * 1_000).unwrap_or(i64::MAX);
        let session = Session { token: random() + &random(), expires_ms };
        let principal = format!("{}:{name}", role_id(arn));
        let key = AccessKey {
            id: format!("ASIA{}", &random()[..16].to_uppercase()),
            secret: random() + &random()[..8],
            bucket,
            put,
            list: Vec::new(),
            get: Vec::new(),
            principal: Some(principal.clone()),
            session: Some(session.clone()),
        };
        self.s3.put_session(&key)?;
        let expiration = jiff::Timestamp::from_millisecond(expires_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let role = arn.rsplit('/').next().unwrap_or_default();
        Ok(format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>\
             <Expiration>{expiration:.0}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>{principal}</AssumedRoleId>\
             <Arn>arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}</Arn></AssumedRoleUser></AssumeRoleResult>\
             <ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></AssumeRoleResponse>",
            key.id, key.secret, session.token,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_policy_says_where_objects_may_be_put() {
        let policy = r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:PutObject", "s3:AbortMultipartUpload"], "Resource": ["arn:aws:s3:::b/t/drop/employees/*"]},
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]}"#;
        assert_eq!(prefixes(policy).ok(), Some(("b".to_owned(), vec!["t/drop/employees/".to_owned()])));
        for other in [
            "",
            r#"{"Statement": [{"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*"}]}"#,
            r#"{"Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}"#,
            r#"{"Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/a*/*"}]}"#,
            r#"{"Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*", "Condition": {}}]}"#,
        ] {
            assert!(prefixes(other).is_err(), "{other}");
        }
    }
}
