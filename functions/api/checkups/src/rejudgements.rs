//! Stored checkups judged once more by criteria that have changed (再判定): `/v1/tenant/checkup-criteria/rejudgements`.

use authz::{
    Permit,
    permission::{ManageCriteria, ViewCriteria},
};
use axum::extract::State;
use domain::{
    checkup::change::Note,
    ids::{AccountId, RejudgementId},
    time::Jst,
};
use endpoint::{Answer, App, Checks, Filters, PageQuery, Pages, Path, Posted, Problem, limit};
use http::Uri;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{Rejudgement, RejudgementState, Stored};
use utoipa::ToSchema;

use crate::body::DATE;

/// A re-judgement that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRejudgementBody {
    /// この日以降に受診した健康診断を判定し直します。省略すると、登録した版の適用開始日のうち最も早い日以降が対象です。
    #[schema(value_type = Option<String>, format = Date, example = "2026-04-01")]
    #[serde(default)]
    examined_from: Option<String>,
    /// 判定し直す理由（200文字以内）。
    #[schema(example = "判定基準の変更を今年度の受診者に適用するため")]
    reason: String,
}

impl NewRejudgementBody {
    fn checked(self) -> Result<(Option<Date>, Note), Problem> {
        let mut checks = Checks::new();
        let from = checks.optional("/examined_from", self.examined_from.map(|day| day.parse().map_err(|_| DATE)));
        let reason = checks.field("/reason", Note::parse(&self.reason));
        checks.finish(reason.map(|reason| (from, reason)))
    }
}

/// A re-judgement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupRejudgement)]
pub(crate) struct RejudgementView {
    #[schema(value_type = String, example = "rjd_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: RejudgementId,
    /// 状態（`asked`：順番待ちまたは判定中、`done`：完了、`failed`：中止）。
    #[schema(value_type = String, example = "done")]
    state: RejudgementState,
    /// 対象とする最初の受診日。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    examined_from: Date,
    /// 依頼したときの最新の版の名称。
    #[schema(example = "minato-2026-10")]
    criteria_version: String,
    /// 理由。
    #[schema(value_type = String, example = "判定基準の変更を今年度の受診者に適用するため")]
    reason: Note,
    /// 依頼したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    asked_by: AccountId,
    /// 依頼した日時。
    #[schema(value_type = String, format = DateTime)]
    asked_at: Jst,
    /// 判定し直した健康診断の件数。
    #[schema(example = 928)]
    judged: u64,
    /// 判定が変わった健康診断の件数。
    #[schema(example = 42)]
    changed: u64,
    /// 同時に登録・訂正されたため対象外とした件数（その時点の判定基準で判定されています）。
    #[schema(example = 0)]
    left: u64,
    /// 終了した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Jst>,
}

impl From<&Rejudgement> for RejudgementView {
    fn from(it: &Rejudgement) -> Self {
        Self {
            id: it.id,
            state: it.state,
            examined_from: it.examined_from,
            criteria_version: it.criteria_version.clone(),
            reason: it.reason.clone(),
            asked_by: it.asked_by,
            asked_at: it.asked_at,
            judged: it.counts.judged,
            changed: it.counts.changed,
            left: it.counts.left,
            ended_at: it.ended_at,
        }
    }
}

/// One page of re-judgements.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupRejudgementPage)]
pub(crate) struct RejudgementPage {
    /// 再判定。
    items: Vec<RejudgementView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// Asks.
#[utoipa::path(
    post, path = "/v1/tenant/checkup-criteria/rejudgements", operation_id = "askCheckupRejudgement", summary = "登録済みの健康診断を判定し直す",
    description = "登録済みの健康診断を、それぞれの受診日に有効な判定基準で判定し直します。判定は順に進みます（GET で確認できます）。判定やメタボリックシンドロームなどの総合所見が変わる健康診断だけに新しい版を作り、変更前の判定と判定基準は履歴に残ります（訂正ではありません）。判定が変わった健康診断は、あらためて就業判定の対象になります。無効にした健康診断は対象外です。産業医だけが依頼でき、5分以内のワンタイムパスワードが必要です。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に依頼されません")),
    request_body = NewRejudgementBody, security(("token" = ["checkups.criteria_change"])),
    responses((status = 202, description = "依頼を受け付けました", body = RejudgementView))
)]
pub(crate) async fn ask(
    State(app): State<App>,
    permit: Permit<ManageCriteria>,
    posted: Posted<NewRejudgementBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: NewRejudgementBody| {
        let (from, reason) = body.checked()?;
        Ok(app.store.ask_rejudgement(&permit, from, &reason).await?)
    };
    let answer = |asked: &Stored<Rejudgement>| {
        let location = format!("/v1/tenant/checkup-criteria/rejudgements/{}", asked.record.id);
        Ok(Answer::accepted(&RejudgementView::from(&asked.record))?.at(location).version(asked.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Lists.
#[utoipa::path(
    get, path = "/v1/tenant/checkup-criteria/rejudgements", operation_id = "listCheckupRejudgements", summary = "再判定の一覧",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["checkups.criteria"])), responses((status = 200, description = "新しい順", body = RejudgementPage))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<ViewCriteria>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "rejudgements", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.rejudgements(&permit, after, limit).await?;
    let items = found.iter().map(|it| RejudgementView::from(&it.record)).collect();
    pages.answer(&uri, next, |next_cursor| RejudgementPage { items, next_cursor }).await
}

/// Reads one.
#[utoipa::path(
    get, path = "/v1/tenant/checkup-criteria/rejudgements/{rejudgement_id}", operation_id = "readCheckupRejudgement", summary = "再判定の状況を確認する",
    params(("rejudgement_id" = String, Path, description = "再判定のID")),
    security(("token" = ["checkups.criteria"])), responses((status = 200, description = "再判定", body = RejudgementView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewCriteria>,
    Path(id): Path<RejudgementId>,
) -> Result<Answer, Problem> {
    let stored = app.store.rejudgement(&permit, id).await?;
    Ok(Answer::ok(&RejudgementView::from(&stored.record))?.version(stored.version))
}
