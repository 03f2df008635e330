//! The operations of the contract, as the tests walk them.

use authz::matrix::{Row, row_named};
use endpoint::openapi::{operations, permission_of};
use serde_json::{Map, Value, json};
use tests::{Actor, Answer};

/// Operations without a token: what signs in, and what holds nobody's data.
const OPEN: [&str; 18] = [
    "readCertificateKeys",
    "readJwks",
    "readJwksOfV1",
    "issueToken",
    "signIn",
    "signInWithOtp",
    "signInAtKiosk",
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
    pub(crate) wants_etag: bool,
    /// What the query must say, as the contract's examples say it.
    query: String,
    /// Where a caller can put a text of their own.
    pub(crate) openings: Vec<Opening>,
    pub(crate) row: Option<&'static Row>,
}

/// A place in a request that takes a text.
#[derive(Clone, Debug)]
pub(crate) enum Opening {
    /// A parameter of the path.
    Path(String),
    /// A parameter of the query.
    Query(String),
    /// A header.
    Header(String),
    /// A field of the body, by its JSON pointer; what the way there needs is made.
    Body(Vec<String>),
    /// A field of a form.
    Form(String),
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
                openings: openings(&document, &operation),
                query: required_query(&parameters),
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

    /// The path with these ids, and what its query must say.
    pub(crate) fn path_with(&self, id: impl Fn(&str) -> String) -> String {
        let segments = self.path.split('/').map(|segment| parameter(segment).map_or(segment.to_owned(), &id));
        segments.collect::<Vec<_>>().join("/") + &self.query
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

/// The query parameters that an operation asks for, with their examples.
fn required_query(parameters: &[Value]) -> String {
    let asked = parameters.iter().filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
    let pairs = asked.map(|parameter| {
        let example = parameter["example"].as_str().expect("a parameter that is asked for has an example");
        format!("{}={example}", parameter["name"].as_str().unwrap())
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    if query.is_empty() { query } else { format!("?{query}") }
}

/// Every opening of an operation.
fn openings(document: &Value, operation: &Value) -> Vec<Opening> {
    let mut all = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap().to_owned();
        all.push(match parameter["in"].as_str().unwrap() {
            "path" => Opening::Path(name),
            "query" => Opening::Query(name),
            "header" => Opening::Header(name),
            other => panic!("{name} is in {other}: how is it sent?"),
        });
    }
    if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") {
        let mut places = Vec::new();
        texts(document, schema, &mut Vec::new(), &mut places);
        all.extend(places.into_iter().map(Opening::Body));
    }
    if let Some(schema) = operation.pointer("/requestBody/content/application~1x-www-form-urlencoded/schema") {
        let fields = resolved(document, schema)["properties"].as_object().unwrap().keys().cloned();
        all.extend(fields.map(Opening::Form));
    }
    all
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("the schema"),
        None => schema,
    }
}

/// The places of a schema that hold no further places: all of them are openings, because nothing stops a caller from sending a text where a number belongs.
fn texts(document: &Value, schema: &Value, at: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let schema = resolved(document, schema);
    let inner = schema["oneOf"].as_array().into_iter().flatten().find(|inner| inner["type"] != "null");
    if let Some(inner) = inner {
        return texts(document, inner, at, found);
    }
    if let Some(properties) = schema["properties"].as_object() {
        for (name, property) in properties {
            at.push(name.clone());
            texts(document, property, at, found);
            at.pop();
        }
    } else if schema["items"].is_object() {
        at.push("0".to_owned());
        texts(document, &schema["items"], at, found);
        at.pop();
    } else {
        found.push(at.clone());
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
        "request_id" => "lrq",
        "account_id" => "acc",
        "announcement_id" => "ann",
        "assurance_request_id" => "asr",
        "attachment_id" => "att",
        "checkup_id" => "chk",
        "campaign_id" => "cpn",
        "client_id" => "cli",
        "control_id" => "ctl",
        "credential_id" => "crd",
        "department_id" => "dep",
        "employee_id" => "emp",
        "discrepancy_id" => "dcp",
        "disclosure_id" => "dsc",
        "download_id" => "dwl",
        "export_id" => "exp",
        "import_id" => "imp",
        "incident_id" => "inc",
        "interview_id" => "int",
        "label_id" => "lab",
        "leave_case_id" => "lvc",
        "lifelog_entry_id" => "lfe",
        "message_id" => "bro",
        "redemption_id" => "red",
        "rejudgement_id" => "rjd",
        "report_id" => "rep",
        "rights_request_id" => "rrq",
        "round_id" => "srd",
        "session_id" => "ses",
        "slot_id" => "slt",
        "sub_processor_id" => "sub",
        "tenant_id" => "ten",
        "workplace_id" => "wpl",
        "month" => return "2026-10".to_owned(),
        "chart" => return "load-and-control".to_owned(),
        "group" => return "reactions".to_owned(),
        "year" => return "2026".to_owned(),
        other => return other.to_owned(),
    };
    format!("{prefix}_0190000000007000800000000000dead")
}
