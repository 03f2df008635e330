//! The documents, for everybody: the contract (`/v1/openapi.json`), a reference that reads it (`/v1/docs`), and what each kind of problem means
//! (`/v1/problems/{slug}`). All of it is part of the program; nothing is loaded from elsewhere, and nothing that is stored is read.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use endpoint::{
    Answer, App, Door, Path, Problem,
    problem::{PROBLEM_BASE, PROBLEMS},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "docs",
        heading: "ドキュメント",
        routes: OpenApiRouter::new()
            .routes(routes!(openapi))
            .routes(routes!(page))
            .routes(routes!(script))
            .routes(routes!(style))
            .routes(routes!(problems))
            .routes(routes!(problem)),
    }
}

/// The page may load its own script and style and read the contract, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// For how long a copy may be kept before it is asked for again.
const CACHE: &str = "public, max-age=300";

/// A file that is part of the program.
struct Asset {
    media: &'static str,
    body: &'static str,
}

const OPENAPI: Asset = Asset { media: "application/json", body: include_str!("../../../../infra/openapi.json") };
const PAGE: Asset = Asset { media: "text/html; charset=utf-8", body: include_str!("../assets/reference.html") };
const SCRIPT: Asset = Asset { media: "text/javascript; charset=utf-8", body: include_str!("../assets/reference.js") };
const STYLE: Asset = Asset { media: "text/css; charset=utf-8", body: include_str!("../assets/reference.css") };

impl Asset {
    fn etag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.body.hash(&mut hasher);
        format!("\"{:016x}\"", hasher.finish())
    }

    /// The file, or that the caller's copy is still good.
    fn answer(&self, headers: &HeaderMap) -> Response {
        let etag = self.etag();
        let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_known = known.split(',').any(|known| known.trim().trim_start_matches("W/") == etag);
        let mut response = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, self.media)], self.body).into_response()
        };
        let headers = response.headers_mut();
        headers.extend(HeaderValue::from_str(&etag).ok().map(|etag| (header::ETAG, etag)));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response
    }
}

/// The contract.
#[utoipa::path(
    get, path = "/v1/openapi.json", operation_id = "readOpenApi", summary = "OpenAPI 文書を取得する",
    description = "この API の全操作を OpenAPI 3.1 で記述した文書です。",
    responses((status = 200, description = "OpenAPI 文書", body = Object), (status = 304, description = "変更されていません"))
)]
async fn openapi(headers: HeaderMap) -> Response {
    OPENAPI.answer(&headers)
}

/// The reference.
#[utoipa::path(
    get, path = "/v1/docs", operation_id = "readReference", summary = "API リファレンスを表示する",
    responses((status = 200, description = "ページ", body = String, content_type = "text/html"), (status = 304, description = "変更されていません"))
)]
async fn page(headers: HeaderMap) -> Response {
    PAGE.answer(&headers)
}

/// The reference's script.
#[utoipa::path(
    get, path = "/v1/docs/reference.js", operation_id = "readReferenceScript", summary = "API リファレンスのスクリプト",
    responses((status = 200, description = "スクリプト", body = String, content_type = "text/javascript"), (status = 304, description = "変更されていません"))
)]
async fn script(headers: HeaderMap) -> Response {
    SCRIPT.answer(&headers)
}

/// The reference's style.
#[utoipa::path(
    get, path = "/v1/docs/reference.css", operation_id = "readReferenceStyle", summary = "API リファレンスのスタイル",
    responses((status = 200, description = "スタイル", body = String, content_type = "text/css"), (status = 304, description = "変更されていません"))
)]
async fn style(headers: HeaderMap) -> Response {
    STYLE.answer(&headers)
}

/// What one kind of problem means.
#[derive(Debug, Serialize, ToSchema)]
struct ProblemKind {
    /// この種類のエラーの type。
    #[serde(rename = "type")]
    #[schema(example = "/v1/problems/stale")]
    address: String,
    /// 英語の名称。
    #[schema(example = "Changed meanwhile")]
    title: &'static str,
    /// HTTP ステータス。
    #[schema(example = 412)]
    status: u16,
    /// 意味と対処。
    #[schema(
        example = "読み取った後に内容が変更されています。最新の内容を読み直してから、あらためて操作してください。"
    )]
    detail: &'static str,
}

/// All kinds of problems.
#[derive(Debug, Serialize, ToSchema)]
struct ProblemKinds {
    /// エラーの種類。
    items: Vec<ProblemKind>,
    /// 常に null です。
    next_cursor: Option<String>,
}

fn kinds() -> impl Iterator<Item = (&'static str, ProblemKind)> {
    PROBLEMS.iter().map(|row| {
        let address = format!("{PROBLEM_BASE}{}", row.slug);
        (row.slug, ProblemKind { address, title: row.title, status: row.status, detail: row.detail })
    })
}

/// An answer that is the same for everybody, until the next release.
fn public(answer: Answer) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    response
}

/// Lists the kinds of problems.
#[utoipa::path(
    get, path = "/v1/problems", operation_id = "listProblems", summary = "エラーの種類の一覧",
    responses((status = 200, description = "エラーの種類", body = ProblemKinds))
)]
async fn problems(State(_): State<App>) -> Result<Response, Problem> {
    let items = kinds().map(|(_, kind)| kind).collect();
    Ok(public(Answer::ok(&ProblemKinds { items, next_cursor: None })?))
}

/// Explains one kind of problem.
#[utoipa::path(
    get, path = "/v1/problems/{slug}", operation_id = "readProblem", summary = "エラーの意味と対処を確認する",
    description = "エラー応答（application/problem+json）の type に示すアドレスです。",
    params(("slug" = String, Path, description = "エラーの種類", example = "stale")),
    responses((status = 200, description = "エラーの種類", body = ProblemKind))
)]
async fn problem(State(_): State<App>, Path(slug): Path<String>) -> Result<Response, Problem> {
    let kind = kinds().find(|(known, _)| *known == slug).ok_or(Problem::not_found())?.1;
    Ok(public(Answer::ok(&kind)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_is_still_good_is_not_sent_again() {
        let mut headers = HeaderMap::new();
        let response = PAGE.answer(&headers);
        assert_eq!(response.status(), StatusCode::OK);
        headers.insert(header::IF_NONE_MATCH, response.headers()[header::ETAG].clone());
        let again = PAGE.answer(&headers);
        assert_eq!(
            (again.status(), again.headers()[header::CACHE_CONTROL].as_bytes()),
            (StatusCode::NOT_MODIFIED, CACHE.as_bytes())
        );
        assert_ne!(PAGE.etag(), SCRIPT.etag());
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() {
        for asset in [PAGE, SCRIPT, STYLE] {
            for foreign in ["http://", "https://", "//cdn", "@import"] {
                let uses = asset.body.contains(foreign) && !asset.body.contains("xmlns");
                assert!(!uses, "{} refers to {foreign}", asset.media);
            }
        }
        for inline in ["<script>", " style=", " onclick=", "<style"] {
            assert!(!PAGE.body.contains(inline), "the policy would refuse {inline}");
        }
        for unsafe_call in ["innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "document.write"] {
            assert!(!SCRIPT.body.contains(unsafe_call), "{unsafe_call} would turn a text into a program");
        }
    }

    #[test]
    fn the_contract_is_json() {
        let document: serde_json::Value = serde_json::from_str(OPENAPI.body).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
    }
}
