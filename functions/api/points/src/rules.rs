//! A company's rules: `/v1/tenant/points-rules`.

use authz::{
    Permit,
    permission::{ManagePointsRules, ViewPointsRules},
};
use axum::extract::State;
use domain::{
    points::rules::{Rules, RulesDraft},
    time::Jst,
};
use endpoint::{Answer, App, Fault, IfMatch, Json, Problem};
use serde::{Deserialize, Serialize};
use store::{RulesBook, RulesVersion};
use utoipa::ToSchema;

/// All rules.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointsRulesBook)]
pub(crate) struct BookView {
    /// 版（作成の古い順）。日ごとに、その日に有効な版で締め切ります。
    items: Vec<VersionView>,
    /// 今日有効な版の番号。
    #[schema(example = 1)]
    current: Option<u32>,
}

/// A version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointsRulesVersion)]
struct VersionView {
    /// 版の番号。
    #[schema(example = 1)]
    number: u32,
    /// 規則（PUT で送信した形）。
    #[schema(value_type = Object)]
    rules: RulesDraft,
    /// 作成したアカウントのID。
    made_by: Option<String>,
    /// 作成した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-01T10:00:00.000+09:00")]
    made_at: Jst,
}

/// New rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(as = PointsRules)]
pub(crate) struct RulesBody {
    /// 規則。`valid_from`（有効になる日。最初の版は61日前まで、以後の版は明日以降）、`rules[]`（`id`、`name`、`metric`、`condition`、`award`、`sources`、`once_per`、`caps`、`category`）、
    /// `categories`（区分ごとの上限）、`caps`（全体の上限）、`hand_caps`（手入力の上限）、`close_after_days`（締め切りまでの日数）、`late_days`（測定から登録までに認める日数）、`expiry`（有効期限）。
    /// 条件は `{"recorded": 項目}`、`{"at_least": [項目, "値"]}`、`{"at_most": [項目, "値"]}` を `all`・`any` で組み合わせます。ポイントは `{"fixed": 1}`、`{"per_step": {"every": "1000", "points": 1}}`、
    /// `{"tiers": [{"at_least": "8000", "points": 1}]}` のいずれかです。
    #[schema(value_type = Object, example = json!({
        "valid_from": "2031-01-01",
        "rules": [
            { "id": "walk", "name": "1,000歩ごとに1ポイント", "metric": "steps", "award": { "per_step": { "every": "1000", "points": 1 } }, "caps": { "day": 9 } },
            { "id": "weight", "name": "体重の記録", "metric": "weight", "award": { "fixed": 1 } },
            { "id": "good-day", "name": "8,000歩と6時間の睡眠", "metric": "steps", "award": { "fixed": 2 }, "condition": { "all": [{ "at_least": ["steps", "8000"] }, { "at_least": ["sleep", "360"] }] } }
        ],
        "caps": { "day": 10 }, "hand_caps": { "month": 30 }, "close_after_days": 3, "late_days": 7, "expiry": "next_fiscal_year_end"
    }))]
    draft: RulesDraft,
}

impl BookView {
    fn of(book: RulesBook, today: jiff::civil::Date) -> Self {
        let current = book.on(today).map(|version| version.number);
        let view = |version: RulesVersion| VersionView {
            number: version.number,
            rules: version.rules.into(),
            made_by: version.made_by,
            made_at: version.made_at,
        };
        Self { items: book.versions.into_iter().map(view).collect(), current }
    }
}

/// Reads the rules.
#[utoipa::path(
    get, path = "/v1/tenant/points-rules", operation_id = "readPointsRules", summary = "ポイントの規則を確認する",
    description = "すべての版を返します。従業員も確認できます。",
    security(("token" = ["points.rules"])), responses((status = 200, description = "規則", body = BookView))
)]
pub(crate) async fn read(State(app): State<App>, permit: Permit<ViewPointsRules>) -> Result<Answer, Problem> {
    let book = app.store.points_rules(&permit).await?;
    let version = book.version;
    Ok(Answer::ok(&BookView::of(book, app.clock().now().date()))?.version(version))
}

/// Adds a version.
#[utoipa::path(
    put, path = "/v1/tenant/points-rules", operation_id = "addPointsRules", summary = "ポイントの規則の版を追加する",
    description = "新しい版を追加します。以前の版は変更も削除もされず、締め切った日のポイントは変わりません。最初の版の If-Match は \"0\" です。",
    params(("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = RulesBody, security(("token" = ["points.rules_change"])),
    responses((status = 200, description = "追加後の規則", body = BookView))
)]
pub(crate) async fn add(
    State(app): State<App>,
    permit: Permit<ManagePointsRules>,
    version: IfMatch,
    Json(body): Json<RulesBody>,
) -> Result<Answer, Problem> {
    let rules = Rules::new(body.draft).map_err(|faults| {
        Problem::invalid(faults.into_iter().map(|(at, code, detail)| Fault::at(at, code, detail)).collect())
    })?;
    let book = app.store.add_points_rules(&permit, version.version(), rules).await?.commit(&app.store).await?;
    let version = book.version;
    Ok(Answer::ok(&BookView::of(book, app.clock().now().date()))?.version(version))
}
