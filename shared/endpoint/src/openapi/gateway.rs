//! What `gateway.json` holds beside its paths: how API Gateway calls a function, and what it answers itself when no function is asked, in the same problem form
//! and with the same headers.

use serde_json::{Map, Value, json};

use super::logical_name;
use crate::{
    answer::SECURITY,
    problem::{Kind, PROBLEM_BASE},
};

/// What API Gateway refuses by itself, by its own names. What is not listed cannot happen to this API, and would fall to the two
/// defaults.
const RESPONSES: [(&str, Kind); 14] = [
    // API Gateway's name for an unknown path or method: it thinks that a signature was missing.
    ("MISSING_AUTHENTICATION_TOKEN", Kind::NotFound),
    ("RESOURCE_NOT_FOUND", Kind::NotFound),
    ("BAD_REQUEST_BODY", Kind::Malformed),
    ("BAD_REQUEST_PARAMETERS", Kind::BadQuery),
    ("REQUEST_TOO_LARGE", Kind::TooLarge),
    ("UNSUPPORTED_MEDIA_TYPE", Kind::UnsupportedMedia),
    ("THROTTLED", Kind::TooMany),
    ("QUOTA_EXCEEDED", Kind::TooMany),
    // The web ACL's refusals, and those of the resource policy.
    ("WAF_FILTERED", Kind::Forbidden),
    ("ACCESS_DENIED", Kind::Forbidden),
    ("INTEGRATION_FAILURE", Kind::Unavailable),
    ("INTEGRATION_TIMEOUT", Kind::Unavailable),
    ("DEFAULT_4XX", Kind::Malformed),
    ("DEFAULT_5XX", Kind::Internal),
];

/// The document without its paths.
pub(super) fn document(version: &str) -> Value {
    let responses: Map<String, Value> =
        RESPONSES.iter().map(|(name, kind)| ((*name).to_owned(), response(*kind))).collect();
    json!({
        "openapi": "3.0.1",
        "info": {"title": "ailes-plus", "version": version},
        // Files whose bytes must arrive as they are.
        "x-amazon-apigateway-binary-media-types": ["application/octet-stream", "application/pdf"],
        "x-amazon-apigateway-gateway-responses": responses,
        "paths": {}
    })
}

/// A problem as a template of API Gateway's. `instance` is as the functions have it: the request's id, and on a 404 nothing that tells requests apart.
fn response(kind: Kind) -> Value {
    let row = kind.row();
    let instance = if kind == Kind::NotFound { "/" } else { "urn:ailes-plus:request:$context.requestId" };
    let body = json!({
        "type": format!("{PROBLEM_BASE}{}", row.slug), "title": row.title, "status": row.status, "detail": row.detail, "instance": instance
    });
    // A fixed value stands in single quotes; those within it are its own.
    let header = |name: &str, value: &str| (format!("gatewayresponse.header.{name}"), json!(format!("'{value}'")));
    let mut parameters: Map<String, Value> =
        SECURITY.iter().map(|(name, value)| header(name.as_str(), value)).collect();
    parameters.extend([header("content-type", "application/problem+json")]);
    if matches!(kind, Kind::TooMany | Kind::Unavailable) {
        parameters.extend([header("retry-after", "5")]);
    }
    json!({"statusCode": row.status, "responseParameters": parameters, "responseTemplates": {"application/json": body.to_string()}})
}

/// How API Gateway calls the function: by a proxy integration, with the path's parameters declared.
pub(super) fn integration(function: &str, path: &str) -> Value {
    let logical = logical_name(function);
    let parameters: Vec<Value> = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({"name": name.trim_end_matches('+'), "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let mut operation = json!({
        "responses": {"default": {"description": "see openapi.json"}},
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "passthroughBehavior": "when_no_match",
            "uri": {"Fn::Sub": format!("arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{logical}Arn}}/invocations")}
        }
    });
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    operation
}
