//! The questionnaires as they are asked, in Japanese and in English.

use authz::{Permit, permission::ReadReference};
use axum::extract::State;
use domain::stress::questionnaire::Questionnaire;
use endpoint::{Answer, App, Filters, Path, Problem, QuestionnaireQuery, QuestionnaireView};

/// Reads a questionnaire.
#[utoipa::path(
    get, path = "/v1/stress-questionnaires/{name}", operation_id = "readStressQuestionnaire", summary = "調査票を確認する",
    description = "items_23（簡略版）、items_57、items_80 の設問と選択肢を返します。英語は本サービスによる参考訳で、厚生労働省の公認ではありません（`translation`）。",
    params(
        ("name" = String, Path, description = "調査票（items_23、items_57、items_80）", example = "items_57"),
        ("language" = Option<String>, Query, description = "言語（ja：日本語（既定）、en：英語）", example = "ja")
    ),
    security(("token" = ["reference.read"])), responses((status = 200, description = "調査票", body = QuestionnaireView))
)]
pub(crate) async fn read(
    State(_): State<App>,
    _: Permit<ReadReference>,
    Path(questionnaire): Path<Questionnaire>,
    Filters(query): Filters<QuestionnaireQuery>,
) -> Result<Answer, Problem> {
    Answer::ok(&QuestionnaireView::of(questionnaire, &query))
}
