//! The operations of the contract, as the tests walk them.

use authz::matrix::{Row, row_named};
use endpoint::openapi::{operations, permission_of};
use serde_json::{Map, Value, json};
use tests::{Actor, Answer};

/// Operations without a token: what signs in, and what holds nobody's data.
const OPEN: [&str; 16] = [
    "readJwks",
    "readJwksOfV1",
    "issueToken",
    "signIn",
    "signInWithOtp",
    "refreshSession",
    "askPasswordReset",
    "resetPassword",
    "acceptInvitation",
    "readStatus",
    "readOpenApi",
    "readReference",
    "readReferenceStyle",
    "readReferenceScript",
    "listProblems",
    "readProblem",
];
/// These change the one who asks: they come last.
pub(crate) const LAST: [&str; 3] = ["removeOtp", "signOut", "signOutEverywhere"];

/// An operation of the contract.
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// A body that passes for one, if the operation takes any.
    pub(crate) body: Option<Value>,
    wants_etag: bool,
    pub(crate) row: Option<&'static Row>,
}

/// All of them; those with the role of the asker at stake last.
pub(crate) fn contract() -> Vec<Operation> {
    let document: Value = serde_json::from_str(local::documents::OPENAPI).unwrap();
    let mut all: Vec<_> = operations(&document)
        .into_iter()
        .map(|(path, method, operation)| {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let row = permission_of(&operation).map(|name| {
                row_named(name).unwrap_or_else(|| panic!("{id} asks for {name}, which is no row of the matrix"))
            });
            assert!(
                row.is_some() || OPEN.contains(&id.as_str()),
                "{id} asks for no permission: give it one, or put it on the list of open operations"
            );
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            Operation {
                method: method.to_uppercase(),
                path,
                body: operation
                    .pointer("/requestBody/content/application~1json/schema")
                    .map(|schema| example(&document, schema)),
                wants_etag: parameters.iter().any(|parameter| parameter["name"] == "If-Match"),
                row,
                id,
            }
        })
        .collect();
    all.sort_by_key(|operation| LAST.iter().position(|last| *last == operation.id).map_or(0, |at| at + 1));
    all
}

impl Operation {
    /// The names of the path's parameters.
    pub(crate) fn parameters(&self) -> Vec<&str> {
        self.path.split('/').filter_map(parameter).collect()
    }

    /// The path with these ids.
    pub(crate) fn path_with(&self, id: impl Fn(&str) -> String) -> String {
        let segments = self.path.split('/').map(|segment| parameter(segment).map_or(segment.to_owned(), &id));
        segments.collect::<Vec<_>>().join("/")
    }

    /// Asks at a path as somebody would who means it.
    pub(crate) async fn ask_at(&self, actor: &Actor, path: &str) -> Answer {
        self.call(actor, path, self.body.clone()).await
    }

    async fn call(&self, actor: &Actor, path: &str, body: Option<Value>) -> Answer {
        let headers: &[_] = if self.wants_etag { &[("If-Match", "\"1\"")] } else { &[] };
        actor.call(&self.method, path, headers, body).await
    }

    /// Asks in a way that changes nothing: for things that never were, and with a field that no operation knows.
    pub(crate) async fn ask(&self, actor: &Actor) -> Answer {
        let body = self.body.is_some().then(|| json!({ "no_such_field": true }));
        self.call(actor, &self.path_with(never_was), body).await
    }
}

fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// The least that a schema asks for, as its own examples have it.
fn example(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return example(document, document.pointer(reference.trim_start_matches('#')).expect("the schema"));
    }
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if schema["type"] == "array" {
        return json!([]);
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let fields = required.map(|name| (name.to_owned(), example(document, &schema["properties"][name])));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// An id that a thing of this kind could have, and none has.
pub(crate) fn never_was(parameter: &str) -> String {
    let prefix = match parameter {
        "account_id" => "acc",
        "checkup_id" => "chk",
        "client_id" => "cli",
        "credential_id" => "crd",
        "department_id" => "dep",
        "employee_id" => "emp",
        "import_id" => "imp",
        "label_id" => "lab",
        "session_id" => "ses",
        "tenant_id" => "ten",
        "workplace_id" => "wpl",
        other => return other.to_owned(),
    };
    format!("{prefix}_0190000000007000800000000000dead")
}
