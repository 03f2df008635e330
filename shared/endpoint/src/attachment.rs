//! Answers that are files to keep.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};

use crate::{Problem, problem::Kind};

/// Turns an answer into a file of this name, type and content.
pub(crate) fn attachment(
    mut response: Response,
    name: &str,
    content_type: &'static str,
    content: Vec<u8>,
) -> Result<Response, Problem> {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let disposition = disposition.map_err(|_| Problem::new(Kind::Internal))?;
    *response.body_mut() = content.into();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

/// A drawing, to be shown where it is.
#[must_use]
pub fn svg_drawing(content: String) -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml; charset=utf-8")], content).into_response()
}

/// A PDF to keep. API Gateway decodes it for callers whose `Accept` names it first.
pub fn pdf_file(name: &str, content: Vec<u8>) -> Result<Response, Problem> {
    attachment(Response::default(), name, "application/pdf", content)
}
