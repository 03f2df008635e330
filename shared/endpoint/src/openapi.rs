//! The two documents that are generated from the doors: `openapi.json` (3.1, the contract for callers) and `gateway.json` (3.0.1 with integrations, what
//! API Gateway and the local gateway route by). Both hold the same operations, because both are written from the same list.

mod gateway;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::{
    Door,
    problem::{Document, Fault, Kind, PROBLEMS},
};

/// The documents.
#[derive(Debug, Clone)]
pub struct Documents {
    /// For callers.
    pub openapi: Value,
    /// For API Gateway.
    pub gateway: Value,
}

/// Which function answers which operations.
#[derive(Debug)]
struct Part {
    function: &'static str,
    api: Value,
}

/// Writes both documents.
pub fn documents(doors: Vec<Door>, version: &str) -> Result<Documents, serde_json::Error> {
    let mut tags = Vec::new();
    let mut parts = Vec::new();
    for door in doors {
        tags.push(json!({"name": door.name, "description": door.heading}));
        let function = door.name;
        parts.push(Part { function, api: serde_json::to_value(door.document())? });
    }
    let mut openapi = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ailes+ 健康管理システム API",
            "version": version,
            "description": "従業員の健康管理（健康診断・ストレスチェック・面談・過重労働・ライフログ）のための API です。時刻は日本時間（+09:00）、日付は YYYY-MM-DD 形式です。エラーは RFC 9457（application/problem+json）で返します。",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
        },
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": {},
        "components": {"schemas": problem_schemas()?, "securitySchemes": {"token": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "POST /v1/sessions（プログラムは POST /v1/oauth/token）で取得したアクセストークン。括弧内は必要な権限です。"
        }}}
    });
    let mut gateway = gateway::document(version);
    for Part { function, api } in &parts {
        let schemas = api.pointer("/components/schemas").and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(all) = openapi.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
            all.extend(schemas.into_iter().map(|(name, schema)| (name, undescribed(schema))));
        }
        for (path, method, operation) in operations(api) {
            let operation = finished(operation, function, &path, &method);
            insert(&mut openapi, &path, &method, operation);
            insert(&mut gateway, &path, &method, gateway::integration(function, &path));
        }
    }
    Ok(Documents { openapi, gateway })
}

/// A schema without what its type's doc comment says to those who read the code; what callers need stands at its properties, in Japanese.
fn undescribed(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("description");
    }
    schema
}

fn insert(document: &mut Value, path: &str, method: &str, operation: Value) {
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        let item = paths.entry(path).or_insert_with(|| Value::Object(Map::new()));
        item[method] = operation;
    }
}

/// Every operation of a document: path, method, and the operation itself.
#[must_use]
pub fn operations(api: &Value) -> Vec<(String, String, Value)> {
    const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
    let mut all = Vec::new();
    for (path, item) in api.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                all.push((path.clone(), method.to_owned(), operation.clone()));
            }
        }
    }
    all
}

/// The permission that an operation asks for: `None` where it is open to everybody.
#[must_use]
pub fn permission_of(operation: &Value) -> Option<&str> {
    operation.pointer("/security/0/token/0").and_then(Value::as_str)
}

/// An operation with all that follows from what it is: its tag, its problems, its headers.
fn finished(mut operation: Value, function: &str, path: &str, method: &str) -> Value {
    let permission = permission_of(&operation).map(str::to_owned);
    let has_body = operation.pointer("/requestBody/content/application~1json").is_some();
    let documented = |status: &str| operation.pointer(&format!("/responses/{status}")).is_some();
    let mut kinds = Vec::new();
    if has_body {
        kinds.extend([Kind::Malformed, Kind::TooLarge, Kind::UnsupportedMedia, Kind::Invalid]);
    }
    let parameters = operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_in = |place: &str| parameters.iter().any(|parameter| parameter["in"] == place);
    if is_in("query") {
        kinds.push(Kind::BadQuery);
    }
    if permission.is_some() {
        kinds.extend([Kind::Unauthenticated, Kind::Forbidden, Kind::NotFound]);
    }
    if path.contains('{') {
        kinds.push(Kind::NotFound);
    }
    if parameters.iter().any(|parameter| parameter["name"] == "If-Match") {
        kinds.extend([Kind::Stale, Kind::PreconditionRequired]);
    }
    if method != "get" && permission.is_some() {
        kinds.push(Kind::Conflict);
    }
    kinds.extend([Kind::TooMany, Kind::Internal, Kind::Unavailable]);
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for kind in kinds {
        let row = kind.row();
        let titles = by_status.entry(row.status).or_default();
        if !titles.contains(&row.slug) {
            titles.push(row.slug);
        }
    }
    let problems: Vec<(String, Value)> = by_status
        .into_iter()
        .filter(|(status, _)| !documented(&status.to_string()))
        .map(|(status, slugs)| (status.to_string(), problem_response(&slugs)))
        .collect();
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        responses.extend(problems);
    }
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        bounded(parameter);
    }
    operation["tags"] = json!([function]);
    if permission.is_none() {
        operation["security"] = json!([]);
    }
    operation
}

/// What parameters of these names are, wherever they stand: how pages are asked for, and which version was read.
fn bounded(parameter: &mut Value) {
    let bounds = match parameter["name"].as_str() {
        Some("limit") => {
            json!({"type": "integer", "minimum": 1, "maximum": store::MAX_LIMIT, "default": store::DEFAULT_LIMIT})
        }
        Some("cursor") => json!({"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}),
        Some("If-Match") => json!({"type": "string", "pattern": "^\"[0-9]{1,18}\"$", "examples": ["\"1\""]}),
        Some("Idempotency-Key") => json!({"type": "string", "minLength": 1, "maxLength": 255}),
        _ => return,
    };
    parameter["schema"] = bounds;
}

fn problem_response(slugs: &[&str]) -> Value {
    let example = PROBLEMS.iter().find(|row| slugs.first() == Some(&row.slug)).map(|row| {
        json!({"type": format!("{}{}", crate::problem::PROBLEM_BASE, row.slug), "title": row.title, "status": row.status, "detail": row.detail, "instance": "urn:ailes-plus:request:…"})
    });
    json!({
        "description": slugs.join(", "),
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    })
}

fn problem_schemas() -> Result<Map<String, Value>, serde_json::Error> {
    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(Document, Fault)))]
    struct Problems;
    let api: OpenApi = <Problems as utoipa::OpenApi>::openapi();
    let api = serde_json::to_value(api)?;
    let schemas = api.pointer("/components/schemas").and_then(Value::as_object).cloned().unwrap_or_default();
    Ok(schemas.into_iter().map(|(name, schema)| (name, undescribed(schema))).collect())
}

/// The function's name in the template: `audit-events` is `AuditEvents`.
#[must_use]
pub fn logical_name(function: &str) -> String {
    function
        .split('-')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<Vec<_>>()
        })
        .collect()
}
