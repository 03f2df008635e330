//! IAM, as far as the templates use it. Each function acts with a role of its own and may do what `infra/*.yaml` lets that role do, here as on AWS: what a
//! template forgot fails on a laptop, with the words that AWS would have. What is not evaluated does not load, so that nothing is waved through unread.
//!
//! Resources go by the templates' names for them (`RecordsTable`, `RecordsTable/index/gsi1`, `ImportsBucket/ten_…`, `NamesKey`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use serde_json::Value;

use super::cloudformation;
use crate::{ACCOUNT, Error, REGION};

/// What the local deployment's names begin with.
const PREFIX: &str = "local";

/// The deployed templates that say who may do what.
pub const TEMPLATES: [(&str, &str); 6] = [
    ("access.yaml", include_str!("../../../access.yaml")),
    ("data.yaml", super::DATA_TEMPLATE),
    ("files.yaml", include_str!("../../../files.yaml")),
    ("functions-api.yaml", include_str!("../../../functions-api.yaml")),
    ("functions-events.yaml", include_str!("../../../functions-events.yaml")),
    ("keys.yaml", include_str!("../../../keys.yaml")),
];

/// The roles, and what was made of them; clones share it.
#[derive(Clone, Debug)]
pub struct Iam(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    roles: BTreeMap<String, Vec<Statement>>,
    /// What tables, keys and buckets themselves refuse.
    refusals: Vec<Statement>,
    used: Mutex<BTreeSet<Right>>,
    log: Option<PathBuf>,
    /// Refuse what no policy allows; otherwise it is only told.
    strict: bool,
}

/// One thing that a statement allows: an action, on one kind of thing. The smallest piece that a policy can do without.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The role (`sessions`), or the managed policy that several roles share (`StorePolicy`).
    pub holder: String,
    /// The statement's name.
    pub sid: String,
    /// The action, as the policy has it.
    pub action: String,
    /// The resource, as the policy has it.
    pub resource: String,
    /// The first key, the purpose in the encryption context or the service in between that the statement asks for; `-` where it asks for none of them.
    pub narrowed: String,
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { holder, action, resource, narrowed, .. } = self;
        write!(f, "{holder} {action} {resource} {narrowed}")
    }
}

/// What a request asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    action: String,
    resource: String,
    context: BTreeMap<String, Vec<String>>,
}

impl Request {
    /// `service:Action` on a resource, over what stands for TLS.
    pub(crate) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        let this = Self { action: action.into(), resource: resource.into(), context: BTreeMap::new() };
        this.with("aws:SecureTransport", ["true"]).with("s3:TlsVersion", ["1.3"])
    }

    /// Whether it is about this resource itself.
    pub(crate) fn is_on(&self, resource: &str) -> bool {
        self.resource == resource
    }

    /// The same with one key of the request's context.
    pub(crate) fn with<V: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.context.insert(key.to_owned(), values.into_iter().map(Into::into).collect());
        self
    }
}

/// What the templates call a thing: (`imports-dead`, `Queue`) is `ImportsDeadQueue`.
pub(crate) fn logical(name: &str, kind: &str) -> String {
    let capital = |word: &str| word.chars().next().map(|c| c.to_uppercase().to_string() + &word[c.len_utf8()..]);
    name.split('-').filter_map(capital).chain([kind.to_owned()]).collect()
}

#[derive(Clone, Debug)]
struct Statement {
    holder: String,
    sid: String,
    allows: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    /// It is about everything but these.
    not_resources: Vec<String>,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
struct Condition {
    operator: String,
    key: String,
    values: Vec<String>,
}

/// Those that narrow what a statement is about: one value of them at a time is a right of its own.
const NARROWING: [&str; 3] = ["dynamodb:LeadingKeys", "kms:EncryptionContext:purpose", "kms:ViaService"];

impl Iam {
    /// The roles of the deployed templates. Every right that is used is added to `log`, once, and whatever is refused; what no policy allows is refused where
    /// `strict` says so, and only told where it does not.
    pub fn deployed(log: Option<PathBuf>, strict: bool) -> Result<Self, Error> {
        let templates = TEMPLATES.map(|(name, text)| cloudformation::parse(text).map(|template| (name, template)));
        let templates = templates.into_iter().collect::<Result<BTreeMap<_, _>, _>>()?;
        let resources = |kind: &'static str| {
            let all = templates.values().filter_map(|template| template["Resources"].as_object()).flatten();
            all.filter(move |(_, resource)| resource["Type"] == kind)
        };
        let mut shared = BTreeMap::new();
        for (name, policy) in resources("AWS::IAM::ManagedPolicy") {
            shared.insert(name.clone(), statements(name, &policy["Properties"]["PolicyDocument"])?);
        }
        let mut roles = BTreeMap::new();
        for (name, role) in resources("AWS::IAM::Role") {
            let properties = &role["Properties"];
            let name = resolved(&properties["RoleName"]).ok_or_else(|| broken(name, "has no name"))?;
            let short = name.trim_start_matches(PREFIX).trim_start_matches('-').to_owned();
            let mut all = Vec::new();
            for attached in properties["ManagedPolicyArns"].as_array().into_iter().flatten() {
                let policy = resolved(attached).unwrap_or_default();
                // AWS's own policies are none of a function's.
                if !policy.contains(":aws:policy/") {
                    all.extend(shared.get(&policy).ok_or_else(|| broken(&policy, "is no policy"))?.iter().cloned());
                }
            }
            for policy in properties["Policies"].as_array().into_iter().flatten() {
                all.extend(statements(&short, &policy["PolicyDocument"])?);
            }
            roles.insert(name, all);
        }
        let mut refusals = Vec::new();
        for (kind, document) in [
            ("AWS::KMS::Key", "/Properties/KeyPolicy"),
            ("AWS::S3::BucketPolicy", "/Properties/PolicyDocument"),
            ("AWS::DynamoDB::Table", "/Properties/ResourcePolicy/PolicyDocument"),
        ] {
            for (name, resource) in resources(kind) {
                let Some(document) = resource.pointer(document) else { continue };
                let own = statements(name, document)?.into_iter().filter(|statement| !statement.allows);
                // A policy speaks of what it hangs on: a key's and a table's of that one alone, a bucket's of what is in it.
                let bucket = resolved(&resource["Properties"]["Bucket"]).unwrap_or_default();
                refusals.extend(own.map(|statement| match kind {
                    "AWS::S3::BucketPolicy" if statement.not_resources.is_empty() => statement,
                    "AWS::S3::BucketPolicy" => Statement { resources: vec![format!("{bucket}/*")], ..statement },
                    _ => Statement { resources: vec![name.clone()], ..statement },
                }));
            }
        }
        Ok(Self(Arc::new(Inner { roles, refusals, used: Mutex::default(), log, strict })))
    }

    /// Every right that a policy gives.
    #[must_use]
    pub fn rights(&self) -> BTreeSet<Right> {
        self.0.roles.values().flatten().filter(|statement| statement.allows).flat_map(Statement::rights).collect()
    }

    /// The names of the roles, without the deployment's prefix.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.0.roles.keys().map(|name| name.trim_start_matches(PREFIX).trim_start_matches('-'))
    }

    /// The access key id that a function's clients sign with: the name of its role.
    #[must_use]
    pub fn access_key_id(function: &str) -> String {
        format!("{PREFIX}-{function}")
    }

    /// Whether an access key is a role's.
    pub(crate) fn knows(&self, access_key_id: &str) -> bool {
        self.0.roles.contains_key(access_key_id)
    }

    /// Whether whoever signed may do all of this; the words that AWS has for it where they may not. Whoever is no function may do everything.
    pub(crate) fn check(&self, access_key_id: Option<&str>, requests: &[Request]) -> Result<(), String> {
        let Some((role, statements)) = access_key_id.and_then(|id| self.0.roles.get_key_value(id)) else {
            return Ok(());
        };
        for request in requests {
            let principal = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
            let request = request.clone().with("aws:PrincipalArn", [principal]);
            let all = || statements.iter().chain(&self.0.refusals);
            if let Some(refusal) = all().find(|one| !one.allows && one.matches(&request)) {
                self.refused(role, &request, &format!("with an explicit deny ({})", refusal.sid))?;
            }
            let mut used = statements.iter().filter(|one| one.allows).flat_map(|one| one.granted(&request)).peekable();
            if used.peek().is_none() {
                self.refused(role, &request, "because no identity-based policy allows it")?;
            }
            self.note(used);
        }
        Ok(())
    }

    fn note(&self, rights: impl Iterator<Item = Right>) {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        for right in rights {
            if used.insert(right.clone()) {
                self.write(&right.to_string());
            }
        }
    }

    fn refused(&self, role: &str, request: &Request, why: &str) -> Result<(), String> {
        let Request { action, resource, context } = request;
        let narrowed: Vec<_> = NARROWING.iter().filter_map(|key| context.get(*key)).flatten().collect();
        let refused =
            format!("User: {role} is not authorized to perform: {action} on resource: {resource} {narrowed:?} {why}");
        self.write(&refused);
        tracing::error!(role, action, resource, "the role may not do this: infra/functions-*.yaml says what it may");
        if self.0.strict { Err(refused) } else { Ok(()) }
    }

    fn write(&self, line: &str) {
        let Some(log) = &self.0.log else { return };
        let written = OpenOptions::new().create(true).append(true).open(log);
        if let Err(error) = written.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes())) {
            tracing::error!(%error, "what a role did could not be written down");
        }
    }
}

/// Whose access key signed a request.
pub(crate) fn signer(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    authorization.split_once("Credential=")?.1.split('/').next()
}

impl Statement {
    fn rights(&self) -> Vec<Right> {
        let narrowing = self.conditions.iter().find(|condition| NARROWING.contains(&condition.key.as_str()));
        let narrowed = narrowing.map_or_else(|| vec!["-".to_owned()], |condition| condition.values.clone());
        let mut rights = Vec::new();
        for action in &self.actions {
            for resource in &self.resources {
                for narrowed in &narrowed {
                    rights.push(Right {
                        holder: self.holder.clone(),
                        sid: self.sid.clone(),
                        action: action.clone(),
                        resource: resource.clone(),
                        narrowed: narrowed.clone(),
                    });
                }
            }
        }
        rights
    }

    fn matches(&self, request: &Request) -> bool {
        self.actions.iter().any(|action| like(&action.to_lowercase(), &request.action.to_lowercase()))
            && self.resources.iter().any(|resource| like(resource, &request.resource))
            && !self.not_resources.iter().any(|resource| like(resource, &request.resource))
            && self.conditions.iter().all(|condition| condition.holds(request))
    }

    /// The rights of this statement that the request makes use of; none where it does not allow the request.
    fn granted(&self, request: &Request) -> Vec<Right> {
        if !self.matches(request) {
            return Vec::new();
        }
        let narrowing = NARROWING.iter().find_map(|key| request.context.get(*key));
        let mut rights = self.rights();
        rights.retain(|right| {
            like(&right.action.to_lowercase(), &request.action.to_lowercase())
                && like(&right.resource, &request.resource)
                && (right.narrowed == "-"
                    || narrowing.is_some_and(|values| values.iter().any(|value| like(&right.narrowed, value))))
        });
        rights
    }
}

impl Condition {
    /// As IAM has it: an absent key fails what asks for a value, and satisfies what refuses one.
    fn holds(&self, request: &Request) -> bool {
        let found = request.context.get(&self.key);
        let any = |test: fn(&str, &str) -> bool| {
            found.is_some_and(|found| found.iter().any(|have| self.values.iter().any(|want| test(want, have))))
        };
        match self.operator.as_str() {
            "StringEquals" | "ArnEquals" | "Bool" => any(|want, have| want == have),
            "StringLike" | "ArnLike" => any(like),
            "StringNotEquals" | "ArnNotEquals" => !any(|want, have| want == have),
            "StringNotLike" | "ArnNotLike" => !any(like),
            "NumericLessThan" => {
                any(|want, have| matches!((want.parse::<f64>(), have.parse::<f64>()), (Ok(w), Ok(h)) if h < w))
            }
            "ForAllValues:StringLike" => {
                found.is_none_or(|found| found.iter().all(|have| self.values.iter().any(|want| like(want, have))))
            }
            "ForAllValues:StringEquals" => {
                found.is_none_or(|found| found.iter().all(|have| self.values.contains(have)))
            }
            "Null" => self.values.iter().any(|want| (want == "true") == found.is_none()),
            // `statements` lets no other in.
            _ => false,
        }
    }
}

const OPERATORS: [&str; 12] = [
    "ArnEquals",
    "ArnLike",
    "ArnNotLike",
    "Bool",
    "ForAllValues:StringEquals",
    "ForAllValues:StringLike",
    "Null",
    "NumericLessThan",
    "StringEquals",
    "StringLike",
    "StringNotEquals",
    "StringNotLike",
];

/// Whether a pattern with `*` and `?` matches a text.
#[must_use]
pub fn like(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| like(rest, &text[at..]))
        }
        Some(first) => {
            let matched = text.chars().next().filter(|found| first == '?' || *found == first);
            matched.is_some_and(|found| like(&pattern[first.len_utf8()..], &text[found.len_utf8()..]))
        }
    }
}

fn statements(holder: &str, document: &Value) -> Result<Vec<Statement>, Error> {
    let all = document["Statement"].as_array().ok_or_else(|| broken(holder, "has no statements"))?;
    all.iter().map(|one| statement(holder, one)).collect()
}

fn statement(holder: &str, value: &Value) -> Result<Statement, Error> {
    let sid = value["Sid"].as_str().ok_or_else(|| broken(holder, "has a statement without a name"))?.to_owned();
    for key in value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()) {
        if !["Sid", "Effect", "Action", "Resource", "NotResource", "Condition", "Principal"].contains(&key) {
            return Err(broken(holder, &format!("{sid}: {key} is not evaluated here")));
        }
    }
    let texts =
        |value: &Value| texts(value).ok_or_else(|| broken(holder, &format!("{sid}: {value} is not understood")));
    let mut conditions = Vec::new();
    for (operator, keys) in value["Condition"].as_object().into_iter().flatten() {
        if !OPERATORS.contains(&operator.as_str()) {
            return Err(broken(holder, &format!("{sid}: {operator} is not evaluated here")));
        }
        for (key, values) in keys.as_object().into_iter().flatten() {
            conditions.push(Condition { operator: operator.clone(), key: key.clone(), values: texts(values)? });
        }
    }
    Ok(Statement {
        holder: holder.to_owned(),
        allows: value["Effect"] == "Allow",
        actions: texts(&value["Action"])?,
        resources: if value["NotResource"].is_null() { texts(&value["Resource"])? } else { vec!["*".to_owned()] },
        not_resources: if value["NotResource"].is_null() { Vec::new() } else { texts(&value["NotResource"])? },
        conditions,
        sid,
    })
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(all) => all.iter().map(resolved).collect(),
        one => Some(vec![resolved(one)?]),
    }
}

/// The text that a value of a template comes to in the local deployment.
fn resolved(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    if let Some(name) = value["Ref"].as_str() {
        return Some(parameter(name));
    }
    if let Some(name) = value["Fn::GetAtt"].as_str() {
        return Some(parameter(name));
    }
    let mut rest = value["Fn::Sub"].as_str()?;
    let mut text = String::new();
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}')?;
        text += before;
        text += &parameter(name);
        rest = after;
    }
    Some(text + rest)
}

/// `RecordsTableArn`, `RecordsTable.Arn` and `RecordsTable` are all the same thing.
fn parameter(name: &str) -> String {
    match name {
        "AWS::Partition" => "aws".to_owned(),
        "AWS::Region" => REGION.to_owned(),
        "AWS::AccountId" => ACCOUNT.to_owned(),
        "Prefix" => PREFIX.to_owned(),
        _ => name.strip_suffix(".Arn").or_else(|| name.strip_suffix("Arn")).unwrap_or(name).to_owned(),
    }
}

fn broken(what: &str, why: &str) -> Error {
    Error::Config(format!("infra: {what} {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(key: &str) -> Request {
        Request::new("dynamodb:GetItem", "RecordsTable").with("dynamodb:LeadingKeys", [key])
    }

    #[test]
    fn r26_a_role_does_what_its_policy_says_and_nothing_else() {
        let iam = Iam::deployed(None, true).unwrap();
        let sessions = Iam::access_key_id("sessions");
        let check = |request: Request| iam.check(Some(&sessions), &[request]);
        assert_eq!(check(get("T#ten_1#CREDENTIAL#x")), Ok(()));
        assert!(check(get("T#ten_1#EMPLOYEE#x")).unwrap_err().contains("no identity-based policy"));
        assert!(check(Request::new("dynamodb:Scan", "RecordsTable")).is_err(), "a scan has no first key");
        assert_eq!(
            iam.check(None, &[get("T#ten_1#EMPLOYEE#x")]),
            Ok(()),
            "whoever is no function is not held to a role"
        );
    }

    #[test]
    fn r13_a_key_refuses_what_a_role_may_not() {
        let iam = Iam::deployed(None, true).unwrap();
        let unwrap =
            |purpose: &str| Request::new("kms:Decrypt", "PlatformKey").with("kms:EncryptionContext:purpose", [purpose]);
        let sessions = Iam::access_key_id("sessions");
        assert_eq!(iam.check(Some(&sessions), &[unwrap("token-signing")]), Ok(()));
        let refused = iam.check(Some(&Iam::access_key_id("me")), &[unwrap("token-signing")]).unwrap_err();
        assert!(refused.contains("TokensAreSignedBySessionsAlone"), "{refused}");
    }

    #[test]
    fn patterns_match_as_iams_do() {
        assert!(like("T#*#EMPLOYEE#*", "T#ten_1#EMPLOYEE#emp_1"));
        assert!(!like("T#*#EMPLOYEE#*", "T#ten_1#EMPLOYEENUMBER#1"));
        assert!(like("a?c*", "abc") && !like("a?c", "ac") && like("*", ""));
    }

    #[test]
    fn names_are_the_templates() {
        assert_eq!(logical("imports-dead", "Queue"), "ImportsDeadQueue");
        assert_eq!(
            resolved(&serde_json::json!({ "Fn::Sub": "${RecordsTableArn}/index/gsi1" })).unwrap(),
            "RecordsTable/index/gsi1"
        );
    }
}
