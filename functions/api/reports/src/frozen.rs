//! Reports that were frozen.

use authz::{
    Permit,
    permission::{ManageReports, ViewReports},
};
use axum::{extract::State, response::Response};
use domain::{
    ids::{AccountId, ReportId, WorkplaceId},
    report::form6::Sheet,
    time::Jst,
};
use endpoint::{Answer, App, Checks, CsvEncoding, Filters, Pages, Path, Posted, Problem, limit};
use http::{HeaderMap, Uri};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{FrozenReport, NewFrozenReport};
use utoipa::ToSchema;

use crate::{answer, sheet::SheetView};

/// What is to be frozen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewFrozenForm6)]
pub(crate) struct FreezeBody {
    /// 事業場のID。
    #[schema(value_type = String, example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    workplace_id: WorkplaceId,
    /// 期間の最初の日。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    from: Date,
    /// 期間の最後の日（1年以内）。
    #[schema(value_type = String, format = Date, example = "2027-03-31")]
    to: Date,
    /// 報告回目（1～99）。
    #[schema(example = 1)]
    report_number: Option<u8>,
    /// 提出年月日。
    #[schema(value_type = Option<String>, format = Date, example = "2026-08-20")]
    submitted_on: Option<Date>,
}

impl FreezeBody {
    fn checked(&self) -> Result<NewFrozenReport, Problem> {
        let mut checks = Checks::new();
        let period = domain::report::form6::Period::new(self.from, self.to);
        if period.is_none() {
            checks.fault("/to", "period_invalid", "from から to までを、1年以内の期間で指定してください。");
        }
        if self.report_number.is_some_and(|number| !(1..=99).contains(&number)) {
            checks.fault("/report_number", "out_of_range", "報告回目は1から99までの整数で指定してください。");
        }
        if self.submitted_on.is_some_and(|day| day < self.from) {
            checks.fault("/submitted_on", "before_period", "提出年月日は、期間の最初の日以降を指定してください。");
        }
        checks.finish(period.map(|period| NewFrozenReport {
            workplace: self.workplace_id,
            period,
            report_number: self.report_number,
            submitted_on: self.submitted_on,
        }))
    }
}

/// A frozen report, as lists show it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FrozenForm6Summary)]
struct SummaryView {
    #[schema(value_type = String, example = "rep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: ReportId,
    /// 事業場のID。
    #[schema(value_type = String, example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    workplace_id: WorkplaceId,
    /// 期間の最初の日。
    #[schema(value_type = String, format = Date, example = "2026-04-01")]
    from: Date,
    /// 期間の最後の日。
    #[schema(value_type = String, format = Date, example = "2027-03-31")]
    to: Date,
    /// 同じ事業場・期間の何番目の確定か（1から）。
    #[schema(example = 1)]
    revision: u32,
    /// 様式の版。
    #[schema(example = "2022-10")]
    form_version: String,
    /// 集計のもとになった健康診断の件数。
    #[schema(example = 95)]
    checkups: u32,
    /// 確定したアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    frozen_by: AccountId,
    /// 確定した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-08-20T09:00:00.000+09:00")]
    frozen_at: Jst,
}

impl From<&FrozenReport> for SummaryView {
    fn from(report: &FrozenReport) -> Self {
        Self {
            id: report.id,
            workplace_id: report.workplace,
            from: report.period.from,
            to: report.period.to,
            revision: report.revision,
            form_version: report.form.clone(),
            checkups: report.checkups,
            frozen_by: report.frozen_by,
            frozen_at: report.frozen_at,
        }
    }
}

/// A page of frozen reports.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FrozenForm6Page)]
pub(crate) struct FrozenPage {
    items: Vec<SummaryView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// A frozen report with its sheet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FrozenForm6)]
pub(crate) struct FrozenView {
    #[serde(flatten)]
    summary: SummaryView,
    /// 確定したときの報告書。
    sheet: SheetView,
}

fn view((report, sheet): &(FrozenReport, Sheet)) -> FrozenView {
    FrozenView { summary: report.into(), sheet: SheetView::of(report.workplace, sheet) }
}

/// Freezes.
#[utoipa::path(
    post, path = "/v1/reports/form-6/frozen", operation_id = "freezeForm6", summary = "様式第6号を確定する",
    description = "現在の集計を、判定基準・様式の版・集計のもとになった健康診断とともに保存します。その後の取込や設定の変更で内容が変わることはありません。同じ事業場・期間で再び確定すると、次の版（revision）になります。数値に矛盾がある場合は409です。",
    request_body = FreezeBody, security(("token" = ["reports.manage"])),
    responses((status = 201, description = "確定した報告書", body = FrozenView))
)]
pub(crate) async fn freeze(
    State(app): State<App>,
    permit: Permit<ManageReports>,
    posted: Posted<FreezeBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: FreezeBody| Ok(app.store.freeze_report(&permit, body.checked()?).await?);
    let answer = |frozen: &(FrozenReport, Sheet)| {
        let location = format!("/v1/reports/form-6/frozen/{}", frozen.0.id);
        Ok(Answer::created(location, &view(frozen))?.version(1))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Which of them.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FrozenQuery {
    workplace_id: Option<WorkplaceId>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists.
#[utoipa::path(
    get, path = "/v1/reports/form-6/frozen", operation_id = "listFrozenForm6", summary = "確定した様式第6号の一覧",
    description = "新しい順に返します。1ページの件数は limit より少ないことがあります。",
    params(
        ("workplace_id" = Option<String>, Query, description = "この事業場のもの"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["reports.view"])), responses((status = 200, description = "確定した報告書", body = FrozenPage))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<ViewReports>,
    uri: Uri,
    Filters(query): Filters<FrozenQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "frozen-form-6", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.frozen_reports(&permit, query.workplace_id, after, limit).await?;
    let items = found.iter().map(SummaryView::from).collect();
    pages.answer(&uri, next, |next_cursor| FrozenPage { items, next_cursor }).await
}

/// In which form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadQuery {
    encoding: Option<CsvEncoding>,
}

/// Reads one.
#[utoipa::path(
    get, path = "/v1/reports/form-6/frozen/{report_id}", operation_id = "readFrozenForm6", summary = "確定した様式第6号を確認する",
    description = "Accept: text/csv または encoding を指定すると、転記用の CSV を返します。参照は監査証跡に記録されます。",
    params(
        ("report_id" = String, Path, description = "確定した報告書のID"),
        ("encoding" = Option<String>, Query, description = "CSV の文字コード（utf8 または shift_jis）", example = "shift_jis")
    ),
    security(("token" = ["reports.view"])),
    responses((status = 200, description = "確定した報告書", content((FrozenView = "application/json"), (String = "text/csv"), (String = "application/octet-stream"))))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ViewReports>,
    Path(id): Path<ReportId>,
    headers: HeaderMap,
    Filters(query): Filters<ReadQuery>,
) -> Result<Response, Problem> {
    let frozen = app.store.frozen_report(&permit, id).await?;
    let view = Answer::ok(&view(&frozen))?.version(1);
    answer(&frozen.1, view, &headers, query.encoding)
}
