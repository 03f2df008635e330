//! Papers (帳票) as PDF: the personal card (健康診断個人票, 様式第5号) and the reports of periodic checkups (様式第6号) and of the stress check (様式第6号の3), a group's
//! figures, the letter that asks somebody to see a physician (受診勧奨), the report after an interview (意見書). A function of their own, so that nothing else carries the font.

mod card;
mod interview;
mod letter;
mod stress;

use authz::{
    Permit,
    permission::{ViewCheckups, ViewFollowUps, ViewReports},
};
use axum::{extract::State, response::Response};
use domain::{
    dates::japanese,
    ids::{CheckupId, EmployeeId, ReportId},
};
use endpoint::{App, Door, Kind, Path, Problem, pdf_file};
use papers::Paper;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "documents",
        heading: "帳票",
        routes: OpenApiRouter::new()
            .routes(routes!(personal_card))
            .routes(routes!(report))
            .routes(routes!(recommendation))
            .routes(routes!(interview::letter))
            .routes(routes!(stress::group))
            .routes(routes!(stress::report)),
    }
}

fn answer(paper: &Paper, name: &str) -> Result<Response, Problem> {
    let bytes = paper.pdf().map_err(|error| {
        tracing::error!(%error, "a paper cannot be written");
        Problem::new(Kind::Internal)
    })?;
    pdf_file(name, bytes)
}

/// Prints a card.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/checkups/{checkup_id}/card", operation_id = "printCheckupCard", summary = "健康診断個人票（様式第5号）",
    description = "1回の健康診断の個人票を PDF で返します。Accept: application/pdf を指定してください。法定外の項目・氏名・生年月日・性別は、参照できる場合にだけ記載します。書体にない文字は「〓」で表し、その旨を欄外に記載します。参照は監査証跡と閲覧履歴に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID")),
    security(("token" = ["checkups.view"])),
    responses((status = 200, description = "個人票", content_type = "application/pdf", body = String))
)]
async fn personal_card(
    State(app): State<App>,
    permit: Permit<ViewCheckups>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
) -> Result<Response, Problem> {
    let shown = app.store.checkup_card(&permit, employee, checkup).await?;
    answer(&papers::card(&card::of(shown)), &format!("{checkup}.pdf"))
}

/// Prints a frozen report.
#[utoipa::path(
    get, path = "/v1/reports/form-6/frozen/{report_id}/pdf", operation_id = "printForm6", summary = "定期健康診断結果報告書（様式第6号）",
    description = "確定した報告書を、様式の配置で PDF にして返します。Accept: application/pdf を指定してください。参照は監査証跡に記録されます。",
    params(("report_id" = String, Path, description = "確定した報告書のID")),
    security(("token" = ["reports.view"])),
    responses((status = 200, description = "報告書", content_type = "application/pdf", body = String))
)]
async fn report(
    State(app): State<App>,
    permit: Permit<ViewReports>,
    Path(id): Path<ReportId>,
) -> Result<Response, Problem> {
    let (report, sheet) = app.store.frozen_report(&permit, id).await?;
    let revision = format!("第{}版　{}確定", report.revision, japanese(report.frozen_at.date()));
    answer(&papers::form6(&sheet, Some(&revision)), &format!("form-6-{id}.pdf"))
}

/// Prints a letter.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/follow-ups/{checkup_id}/letter", operation_id = "printRecommendationLetter", summary = "受診勧奨のお知らせ",
    description = "受診勧奨について、本人あてのお知らせを PDF で返します。Accept: application/pdf を指定してください。検査の値は記載しません。氏名・社員番号と、受診していただきたい項目は、参照できる場合にだけ記載します。お問い合わせ先は、契約の設定にある社内の窓口です。参照は監査証跡と閲覧履歴に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("checkup_id" = String, Path, description = "健康診断のID")),
    security(("token" = ["follow_ups.view"])),
    responses((status = 200, description = "お知らせ", content_type = "application/pdf", body = String))
)]
async fn recommendation(
    State(app): State<App>,
    permit: Permit<ViewFollowUps>,
    Path((employee, checkup)): Path<(EmployeeId, CheckupId)>,
) -> Result<Response, Problem> {
    let letter = app.store.recommendation_letter(&permit, employee, checkup).await?;
    answer(&papers::letter(&letter::of(letter, app.clock().now().date())), &format!("letter-{checkup}.pdf"))
}
