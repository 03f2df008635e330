//! Questionnaires of the stress check as they are asked, in Japanese and in English, and answers as they are sent: at one's own screen and at shared terminals alike.

use domain::stress::{
    answers::Choice,
    questionnaire::{Area, COUNT, ENGLISH_AUTHORISED, ENGLISH_SOURCE, Item, LICENCE, Questionnaire, SOURCE, Text},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Checks, Fault, Problem};

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

/// In which language a questionnaire is read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionnaireQuery {
    language: Option<Language>,
}

/// A questionnaire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StressQuestionnaire)]
pub struct QuestionnaireView {
    /// 調査票。
    #[schema(value_type = String, example = "items_57")]
    questionnaire: Questionnaire,
    /// 名称。
    #[schema(example = "職業性ストレス簡易調査票（57項目）")]
    name: &'static str,
    /// 言語。
    #[schema(example = "ja")]
    language: &'static str,
    /// 翻訳の別（`none`：原文、`own`：本サービスによる訳）。
    #[schema(example = "none")]
    translation: &'static str,
    /// 翻訳が厚生労働省の公認か。原文では null、本サービスによる訳では false です。
    translation_authorised: Option<bool>,
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

impl QuestionnaireView {
    /// The view in the language that is asked for.
    #[must_use]
    pub fn of(questionnaire: Questionnaire, query: &QuestionnaireQuery) -> Self {
        let language = query.language.unwrap_or_default();
        let item = |item: &'static Item| ItemView {
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
        let (name, licence) = (questionnaire.japanese(), LICENCE);
        let (language, translation, translation_authorised, source) = match language {
            Language::Ja => ("ja", "none", None, SOURCE),
            Language::En => ("en", "own", Some(ENGLISH_AUTHORISED), ENGLISH_SOURCE),
        };
        Self { questionnaire, name, language, translation, translation_authorised, source, licence, areas }
    }
}

/// One answer as it is sent. Debug output does not show it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StressAnswerBody {
    /// 設問の番号。
    #[schema(example = 1)]
    item: u8,
    /// 回答（1～4）。null の場合は回答を取り消します。
    #[schema(example = 2)]
    choice: Option<u8>,
}

impl std::fmt::Debug for StressAnswerBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StressAnswerBody").field("item", &self.item).finish_non_exhaustive()
    }
}

/// Reads answers; whether the questionnaire has the items is known when the round is.
pub fn read_answers(checks: &mut Checks, sent: &[StressAnswerBody]) -> Vec<(u8, Option<Choice>)> {
    if !(1..=COUNT).contains(&sent.len()) {
        checks.fault("/answers", "out_of_range", "回答を1～80件指定してください。");
    }
    let mut answers: Vec<(u8, Option<Choice>)> = Vec::new();
    for (index, body) in sent.iter().take(COUNT).enumerate() {
        if answers.iter().any(|(item, _)| *item == body.item) {
            checks.fault(&format!("/answers/{index}/item"), "twice", "同じ設問の回答が重複しています。");
        }
        if let Ok(choice) = body.choice.map(Choice::of).transpose() {
            answers.push((body.item, choice));
        } else {
            let detail = "回答は1～4で指定してください。";
            checks.fault(&format!("/answers/{index}/choice"), "choice_invalid", detail);
        }
    }
    answers
}

/// The refusal of answers to items that the questionnaire does not have, by their places.
#[must_use]
pub fn unknown_item(wrong: Vec<usize>) -> Problem {
    let fault =
        |index: usize| Fault::at(format!("/answers/{index}/item"), "unknown_item", "この調査票にない設問番号です。");
    Problem::invalid(wrong.into_iter().map(fault).collect())
}

/// The refusal of a submission while items are open.
#[must_use]
pub fn not_answered(open: Vec<u8>) -> Problem {
    let fault =
        |item: u8| Fault::at(format!("/answers/{item}"), "not_answered", format!("問{item}に回答してください。"));
    Problem::invalid(open.into_iter().map(fault).collect())
}
