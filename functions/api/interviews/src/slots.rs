//! Times that are offered for interviews (予約枠): `/v1/interview-slots`, and the one that an interview takes.

use authz::{
    Permit,
    permission::{ArrangeInterviews, UseInterviewSlots},
};
use axum::extract::State;
use domain::{
    ids::{AccountId, EmployeeId, InterviewId, InterviewSlotId, WorkplaceId},
    interview::{InterviewKind, MeetingPlace, SlotState, SlotTerms},
    time::Jst,
};
use endpoint::{Answer, App, Checks, Filters, IfMatch, Json, Pages, Path, Posted, Problem, limit, refused_terms};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{InterviewSlot, Stored};
use utoipa::ToSchema;

use crate::{seen, shown, view::InterviewView};

/// A time that is to be offered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInterviewSlotBody)]
pub(crate) struct SlotBody {
    /// 開始日時（1年以内）。
    #[schema(value_type = String, format = DateTime, example = "2026-12-10T14:00:00+09:00")]
    starts_at: Jst,
    /// 所要時間（分、5～240）。開始した日のうちに終わる長さにしてください。
    #[schema(example = 30)]
    minutes: u16,
    /// 場所の名称、または https:// で始まる会議のURL（300文字以内）。
    #[schema(example = "本社3階 健康管理室")]
    place: String,
    /// この枠で実施できる面談の種類。
    #[schema(value_type = Vec<String>, example = json!(["consult", "checkup"]))]
    kinds: Vec<InterviewKind>,
    /// 担当する産業医、または保健師・看護師のアカウントのID。省略すると、登録する本人です。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    with_account_id: Option<AccountId>,
    /// 対象の事業場のID。省略すると全社が対象です。
    #[schema(value_type = Option<String>, example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    workplace_id: Option<WorkplaceId>,
}

impl SlotBody {
    /// Reads the body of what `own` sent; what is wrong with it beyond its own fields is known when it is written.
    fn checked(self, own: Option<AccountId>) -> Result<SlotTerms, Problem> {
        let mut checks = Checks::new();
        let place = checks.field("/place", MeetingPlace::parse(&self.place));
        let with = self.with_account_id.or(own);
        if with.is_none() {
            checks.fault("/with_account_id", "required", "担当者のアカウントのIDを指定してください。");
        }
        let Self { starts_at, minutes, kinds, workplace_id: workplace, .. } = self;
        let terms =
            place.zip(with).map(|(place, with)| SlotTerms { starts_at, minutes, place, with, kinds, workplace });
        checks.finish(terms)
    }
}

/// Which slot an interview takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InterviewSlotChoiceBody)]
pub(crate) struct ChoiceBody {
    /// 予約枠のID。
    #[schema(value_type = String, example = "slt_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    slot_id: InterviewSlotId,
}

/// A time that is offered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InterviewSlot)]
pub(crate) struct SlotView {
    /// 予約枠のID。
    #[schema(value_type = String, example = "slt_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: InterviewSlotId,
    /// 状態（`open`：受付中、`booked`：予約済、`withdrawn`：取下げ）。だれの予約かは含みません。
    #[schema(value_type = String, example = "open")]
    state: SlotState,
    /// 版（ETag と同じ）。
    #[schema(example = 1)]
    version: u64,
    /// 開始日時。
    #[schema(value_type = String, format = DateTime, example = "2026-12-10T14:00:00.000+09:00")]
    starts_at: Jst,
    /// 所要時間（分）。
    #[schema(example = 30)]
    minutes: u16,
    /// 場所、または会議のURL。
    #[schema(value_type = String, example = "本社3階 健康管理室")]
    place: MeetingPlace,
    /// 面談の種類。
    #[schema(value_type = Vec<String>, example = json!(["consult", "checkup"]))]
    kinds: Vec<InterviewKind>,
    /// 担当者のアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    with_account_id: AccountId,
    /// 対象の事業場のID。全社が対象の場合は null です。
    #[schema(value_type = Option<String>, example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    workplace_id: Option<WorkplaceId>,
}

impl From<&Stored<InterviewSlot>> for SlotView {
    fn from(Stored { record, version }: &Stored<InterviewSlot>) -> Self {
        let InterviewSlot { id, terms, state } = record;
        Self {
            id: *id,
            state: *state,
            version: *version,
            starts_at: terms.starts_at,
            minutes: terms.minutes,
            place: terms.place.clone(),
            kinds: terms.kinds.clone(),
            with_account_id: terms.with,
            workplace_id: terms.workplace,
        }
    }
}

/// A page of slots.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InterviewSlotPage)]
pub(crate) struct SlotPage {
    items: Vec<SlotView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// Which slots, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlotQuery {
    kind: Option<InterviewKind>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists slots.
#[utoipa::path(
    get, path = "/v1/interview-slots", operation_id = "listInterviewSlots", summary = "面談の予約枠の一覧",
    description = "これから始まる予約枠を、早い順に返します。従業員には、予約できる枠だけを返します。1ページの件数は limit より少ないことがあります。",
    params(
        ("kind" = Option<String>, Query, description = "面談の種類（この種類に使える枠だけを返します）", example = "consult"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["interviews.slots"])), responses((status = 200, description = "開始日時の早い順", body = SlotPage))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<UseInterviewSlots>,
    uri: Uri,
    Filters(query): Filters<SlotQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "interview-slots", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.interview_slots(&permit, query.kind, after, limit).await?;
    let items = found.iter().map(SlotView::from).collect();
    pages.answer(&uri, next, |next_cursor| SlotPage { items, next_cursor }).await
}

/// Offers a time.
#[utoipa::path(
    post, path = "/v1/interview-slots", operation_id = "offerInterviewSlot", summary = "面談の予約枠を登録する",
    description = "産業医、保健師・看護師の空き時間を、1件の面談のための予約枠として登録します。従業員は、調整待ちの面談をこの枠に予約できます。同じ担当者の予約枠は重ねられません。担当者が実施できない種類の面談は指定できません。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = SlotBody, security(("token" = ["interviews.arrange"])),
    responses((status = 201, description = "登録しました", body = SlotView))
)]
pub(crate) async fn offer(
    State(app): State<App>,
    permit: Permit<ArrangeInterviews>,
    posted: Posted<SlotBody>,
) -> Result<Answer, Problem> {
    let own = permit.actor().account();
    let prepare =
        async |body: SlotBody| app.store.offer_slot(&permit, body.checked(own)?).await?.map_err(refused_terms);
    let answer = |slot: &Stored<InterviewSlot>| {
        let at = format!("/v1/interview-slots/{}", slot.record.id);
        Ok(Answer::created(at, &SlotView::from(slot))?.version(slot.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads a slot.
#[utoipa::path(
    get, path = "/v1/interview-slots/{slot_id}", operation_id = "readInterviewSlot", summary = "面談の予約枠を確認する",
    params(("slot_id" = String, Path, description = "予約枠のID")),
    security(("token" = ["interviews.slots"])), responses((status = 200, description = "予約枠", body = SlotView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<UseInterviewSlots>,
    Path(id): Path<InterviewSlotId>,
) -> Result<Answer, Problem> {
    let slot = app.store.interview_slot(&permit, id).await?;
    Ok(Answer::ok(&SlotView::from(&slot))?.version(slot.version))
}

/// Withdraws a slot.
#[utoipa::path(
    delete, path = "/v1/interview-slots/{slot_id}", operation_id = "withdrawInterviewSlot", summary = "面談の予約枠を取り下げる",
    description = "これから始まる予約枠を取り下げます。予約が入っている場合、その面談は調整待ちに戻り、本人と担当者には、内容を含まないお知らせのメールを送信します。",
    params(("slot_id" = String, Path, description = "予約枠のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["interviews.arrange"])), responses((status = 204, description = "取り下げました"))
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    permit: Permit<ArrangeInterviews>,
    Path(id): Path<InterviewSlotId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.withdraw_slot(&permit, id, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

/// Books a slot for an interview.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/interviews/{interview_id}/slot", operation_id = "takeInterviewSlot", summary = "面談を予約枠に予約する",
    description = "実施前の面談を、予約枠に予約します。予約済みの面談は、前の枠を空けて移動します。同じ枠を同時に予約した場合、予約できるのは1人だけです。本人と担当者には、内容を含まないお知らせのメールを送信します。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    request_body = ChoiceBody, security(("token" = ["interviews.slots"])),
    responses((status = 200, description = "予約した面談", body = InterviewView))
)]
pub(crate) async fn take(
    State(app): State<App>,
    permit: Permit<UseInterviewSlots>,
    Path(of): Path<(EmployeeId, InterviewId)>,
    version: IfMatch,
    Json(body): Json<ChoiceBody>,
) -> Result<Answer, Problem> {
    let taken = app.store.take_slot(&permit, seen(of, version), body.slot_id).await?;
    shown(&app, &taken.map_err(refused_terms)?.commit(&app.store).await?)
}

/// Gives a slot back.
#[utoipa::path(
    delete, path = "/v1/employees/{employee_id}/interviews/{interview_id}/slot", operation_id = "giveUpInterviewSlot", summary = "面談の予約枠を返す",
    description = "予約枠を空け、面談を調整待ちに戻します。面談をやめる場合は、辞退または中止を使ってください。本人と担当者には、内容を含まないお知らせのメールを送信します。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["interviews.slots"])), responses((status = 200, description = "調整待ちに戻した面談", body = InterviewView))
)]
pub(crate) async fn give_up(
    State(app): State<App>,
    permit: Permit<UseInterviewSlots>,
    Path(of): Path<(EmployeeId, InterviewId)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.give_up_slot(&permit, seen(of, version)).await?;
    shown(&app, &prepared.commit(&app.store).await?)
}
