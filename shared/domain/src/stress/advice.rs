//! What a worker is told beside their profile (ストレスへの対処・セルフケア), made from the same score that carries the decision: words and decision cannot contradict each other. General
//! words, no diagnosis; they are this service's own wording (confidence M).

use super::{
    profile::{self, Group},
    scales::Scale,
    scoring::Score,
};

/// Up to this grade a scale is spoken of.
const SPOKEN_OF: u8 = 2;

/// Under high stress.
const HIGH: &str = "高ストレスの状態にあると判定されました。心身の負担が大きくなっています。ひとりで抱え込まず、休養をとり、医師による面接指導や相談窓口の利用を検討してください。";
/// Not under high stress, though some reaction stands out.
const SOME_REACTIONS: &str = "高ストレスの状態には該当しませんが、心身の反応に強めの項目があります。早めに休養や気分転換を心がけ、続くときは相談窓口や医療機関に相談してください。";
/// Not under high stress, and no reaction stands out, though something else does.
const SOME_CAUSES: &str = "高ストレスの状態には該当しません。ストレスの原因や周囲の支援に気になる項目があります。負担が重ならないうちに、できるところから調整しましょう。";
/// Nothing stands out.
const NOTHING: &str = "高ストレスの状態には該当しません。目立って気になる項目はありません。今の状態を保てるよう、引き続き休養と気分転換を大切にしてください。";

/// What every worker is told at the end.
pub const CLOSING: &str = "この結果は、回答した時点の状態を表すもので、病気の診断ではありません。気になる症状が続くときは、結果にかかわらず医療機関や相談窓口に相談してください。";

/// What is said of a scale that stands out.
#[rustfmt::skip]
const POINTS: &[(Scale, &str)] = &[
    (Scale::Quantity, "仕事の量が多いと感じています。優先順位や締切、分担を上司や同僚と見直しましょう。"),
    (Scale::Quality, "高い集中や難しい判断を求められています。こまめに休憩をとり、判断に迷うことは早めに相談しましょう。"),
    (Scale::PhysicalDemand, "体への負担が大きいと感じています。姿勢や作業の間隔を見直し、痛みは早めに伝えましょう。"),
    (Scale::Conflict, "職場の人間関係に負担を感じています。話しやすい人に状況を伝え、間に入ってもらうことも考えましょう。"),
    (Scale::Environment, "騒音・照明・温度などの作業環境に負担を感じています。改善できる点を職場で相談しましょう。"),
    (Scale::Control, "自分のペースや進め方で仕事をしにくいと感じています。進め方を任せてもらえる部分がないか相談しましょう。"),
    (Scale::SkillUse, "持っている技能や知識を生かしにくいと感じています。担当したい仕事を伝える機会をもちましょう。"),
    (Scale::Suitability, "仕事の内容が自分に合わないと感じています。得意なことを生かせる役割を上司と話し合いましょう。"),
    (Scale::Meaning, "働きがいを感じにくくなっています。仕事の目的や成果を誰かと振り返ってみましょう。"),
    (Scale::Vigour, "活気が低下しています。睡眠を確保し、楽しめることに時間を使いましょう。"),
    (Scale::Irritability, "イライラや怒りを感じることが多くなっています。その場を離れる、体を動かすなど、気持ちを切り替える方法を試しましょう。"),
    (Scale::Fatigue, "疲労がたまっています。残業や予定を減らし、まとまった休養をとりましょう。"),
    (Scale::Anxiety, "不安や緊張が強くなっています。心配なことを書き出して整理し、信頼できる人に話してみましょう。"),
    (Scale::Depression, "気分の落ち込みがみられます。2週間以上続くときは、医療機関や相談窓口に相談してください。"),
    (Scale::Complaints, "体の不調が多くみられます。ストレスのほかに病気が隠れていることもあるため、続く症状は医療機関で確かめましょう。"),
    (Scale::SupervisorSupport, "上司に相談しにくいと感じています。短い時間でも定期的に話す機会をもつことを考えましょう。"),
    (Scale::CoworkerSupport, "同僚からの支援が少ないと感じています。困っていることを小さなことから共有してみましょう。"),
    (Scale::FamilySupport, "家族や友人からの支援が少ないと感じています。職場の外の相談窓口も利用できます。"),
    (Scale::Satisfaction, "仕事や生活への満足度が低くなっています。何が変われば楽になるかを考え、できることから始めましょう。"),
];

/// Advice for one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What the whole comes to.
    pub opening: &'static str,
    /// What is said of the scales that stand out, the worst first.
    pub points: Vec<(Scale, &'static str)>,
    /// What everybody is told.
    pub closing: &'static str,
}

/// Advice made from a score.
#[must_use]
pub fn advice(score: &Score) -> Advice {
    let mut low: Vec<profile::Line> = profile::lines(score).filter(|line| line.grade <= SPOKEN_OF).collect();
    low.sort_by_key(|line| line.grade);
    let opening = if score.verdict.is_high() {
        HIGH
    } else if low.iter().any(|line| line.group == Group::Reactions) {
        SOME_REACTIONS
    } else if low.is_empty() {
        NOTHING
    } else {
        SOME_CAUSES
    };
    let point = |line: &profile::Line| POINTS.iter().find(|(scale, _)| *scale == line.scale).copied();
    Advice { opening, points: low.iter().filter_map(point).collect(), closing: CLOSING }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        employee::Sex,
        stress::{
            answers::Answers,
            questionnaire::Questionnaire,
            scales::ROWS,
            scoring::{Criteria, Method, score},
        },
    };

    #[test]
    fn r35_every_scale_has_its_words() {
        let spoken: Vec<Scale> = POINTS.iter().map(|(scale, _)| *scale).collect();
        assert_eq!(spoken, ROWS.iter().map(|row| row.scale).collect::<Vec<_>>());
    }

    proptest! {
        /// The words say high stress if and only if the decision does, and speak of exactly the scales that the profile shows as low.
        #[test]
        fn r35_words_and_decision_agree(text in "[1-4]{57}", male: bool, conversion: bool) {
            let method = if conversion { Method::Conversion } else { Method::Sum };
            let criteria = Criteria::standard(Questionnaire::Standard, method).unwrap();
            let sex = if male { Sex::Male } else { Sex::Female };
            let score = score(&Answers::from_compact(&text).unwrap(), &criteria, sex).unwrap();
            let advice = advice(&score);
            prop_assert_eq!(advice.opening == HIGH, score.verdict.is_high());
            let mut spoken: Vec<Scale> = advice.points.iter().map(|(scale, _)| *scale).collect();
            spoken.sort();
            let low: Vec<Scale> = profile::lines(&score).filter(|line| line.grade <= 2).map(|line| line.scale).collect();
            prop_assert_eq!(spoken, low);
        }
    }
}
