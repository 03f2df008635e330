//! The report after an interview (面接指導結果報告書・意見書) on paper.

use authz::{Permit, permission::ViewInterviews};
use axum::{extract::State, response::Response};
use domain::{
    dates::japanese,
    ids::{EmployeeId, InterviewId},
    interview::Guidance,
    work_fitness::Measure,
};
use endpoint::{App, Path, Problem};
use papers::OpinionLetter;
use store::InterviewLetter;

use crate::answer;

/// Prints a report.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/interviews/{interview_id}/letter", operation_id = "printInterviewOpinion", summary = "面接指導結果報告書・意見書",
    description = "面談についての医師の報告を、事業者あての文書として PDF で返します。Accept: application/pdf を指定してください。面談記録の内容、診断名、検査の値は記載しません。氏名・社員番号は、参照できる場合にだけ記載します。報告がまだない場合は 404 を返します。参照は監査証跡と閲覧履歴に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("interview_id" = String, Path, description = "面談のID")),
    security(("token" = ["interviews.view"])),
    responses((status = 200, description = "報告書・意見書", content_type = "application/pdf", body = String))
)]
pub(crate) async fn letter(
    State(app): State<App>,
    permit: Permit<ViewInterviews>,
    Path((employee, id)): Path<(EmployeeId, InterviewId)>,
) -> Result<Response, Problem> {
    let letter = app.store.interview_letter(&permit, employee, id).await?;
    let letter = of(letter).ok_or_else(Problem::not_found)?;
    answer(&papers::opinion_letter(&letter), &format!("opinion-{id}.pdf"))
}

/// The letter, if there is a report.
fn of(shown: InterviewLetter) -> Option<OpinionLetter> {
    let InterviewLetter { interview, person, workplace, company } = shown;
    let (number, name) = person.map(|person| (person.number.to_string(), person.name.to_string())).unwrap_or_default();
    let (report, physician, step) = interview.report()?;
    let terms = report.opinion().terms();
    let day = |day: Option<_>| day.map(japanese).unwrap_or_default();
    let guidance: Vec<_> = report.guidance().iter().copied().map(Guidance::japanese).collect();
    let period = terms.from.map(|from| format!("{}～{}", japanese(from), day(terms.until)));
    Some(OpinionLetter {
        company: company.to_string(),
        name,
        number,
        workplace: workplace.map(|name| name.to_string()).unwrap_or_default(),
        basis: interview.kind.row().japanese.to_owned(),
        held_on: interview.held.as_ref().map(|held| held.on),
        agreed_on: report.agreed_on(),
        guidance: if guidance.is_empty() { "指導不要".to_owned() } else { guidance.join("、") },
        category: terms.category.japanese().to_owned(),
        measures: terms.measures.iter().map(Measure::japanese).collect::<Vec<_>>().join("\n"),
        period: period.unwrap_or_default(),
        review_on: terms.review_on,
        words: terms.words.as_ref().map(ToString::to_string).unwrap_or_default(),
        for_workplace: terms.for_workplace.as_ref().map(ToString::to_string).unwrap_or_default(),
        physician: physician.to_string(),
        given_on: step.at.date(),
    })
}
