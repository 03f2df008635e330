//! The questionnaires as they are asked, in Japanese and in English.

use authz::{Permit, permission::ReadReference};
use axum::extract::State;
use domain::stress::questionnaire::{Area, ENGLISH_SOURCE, LICENCE, Questionnaire, SOURCE, Text};
use endpoint::{Answer, App, Filters, Path, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// In which language.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Language {
    #[default]
    Ja,
    En,
}

impl Language {
    const fn of(self, text: Text) -> &'static str {
        match self {
            Self::Ja => text.japanese,
            Self::En => text.english,
        }
    }
}

/// The query.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuestionnaireQuery {
    language: Option<Language>,
}

/// A questionnaire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressQuestionnaire)]
pub(crate) struct QuestionnaireView {
    /// 調査票。
    #[schema(value_type = String, example = "items_57")]
    questionnaire: Questionnaire,
    /// 名称。
    #[schema(example = "職業性ストレス簡易調査票（57項目）")]
    name: &'static str,
    /// 言語。
    #[schema(example = "ja")]
    language: &'static str,
    /// 出典。
    source: &'static str,
    /// 日本語版の利用条件。
    #[schema(example = "PDL-1.0")]
    licence: &'static str,
    /// 設問のまとまり。
    areas: Vec<AreaView>,
}

/// Items that are asked together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressArea)]
struct AreaView {
    /// 見出し。
    heading: &'static str,
    /// 選択肢（回答の値1～4の順）。
    #[schema(example = json!(["そうだ", "まあそうだ", "ややちがう", "ちがう"]))]
    choices: Vec<&'static str>,
    /// 設問。
    items: Vec<ItemView>,
}

/// An item.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressItem)]
struct ItemView {
    /// 設問の番号。
    #[schema(example = 1)]
    number: u8,
    /// 複数の設問に共通する問い。
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<&'static str>,
    /// 設問。
    #[schema(example = "非常にたくさんの仕事をしなければならない")]
    text: &'static str,
}

/// Reads a questionnaire.
#[utoipa::path(
    get, path = "/v1/stress-questionnaires/{name}", operation_id = "readStressQuestionnaire", summary = "調査票を確認する",
    description = "items_23（簡略版）、items_57、items_80 の設問と選択肢を返します。英語は本サービスによる参考訳です。",
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
    let language = query.language.unwrap_or_default();
    let item = |item: &'static domain::stress::questionnaire::Item| ItemView {
        number: item.number,
        lead: item.lead.map(|lead| language.of(lead)),
        text: language.of(item.text),
    };
    let area = |area: Area| AreaView {
        heading: language.of(area.heading()),
        choices: area.choices().map(|choice| language.of(choice)).to_vec(),
        items: questionnaire.items().filter(|item| item.area == area).map(item).collect(),
    };
    let areas = Area::ALL.into_iter().map(area).filter(|area| !area.items.is_empty()).collect();
    let (language, source) = match language {
        Language::Ja => ("ja", SOURCE),
        Language::En => ("en", ENGLISH_SOURCE),
    };
    let name = questionnaire.japanese();
    Answer::ok(&QuestionnaireView { questionnaire, name, language, source, licence: LICENCE, areas })
}
