//! What a letter asks of whoever has it, in plain words: for people who read their own results. General explanations, no diagnosis; they are this service's own wording
//! (confidence M) and name the law's or the society's term once.

use super::{
    grade::Grade,
    item::Category::{
        self, Blood, BloodPressure, Body, Chest, Ear, Ecg, Eye, Glucose, Inflammation, Lipid, Liver, Renal, Stool,
        Ultrasound, UricAcid, Urine,
    },
};

/// What each letter asks for, the best first.
#[rustfmt::skip]
pub const GRADES: [(Grade, &str); 4] = [
    (Grade::A, "今回の検査では異常はありませんでした。今の生活習慣を続け、次回の健康診断も受けてください。"),
    (Grade::B, "基準からわずかに外れていますが、日常生活に差し支えはありません。生活習慣を振り返り、次回の結果と比べてください。"),
    (Grade::C, "生活習慣の改善、または期間をおいた再検査が必要です。再検査の時期は、医療機関や産業医・保健師の案内に従ってください。"),
    (Grade::D, "精密検査または治療が必要です。自覚症状がなくても、早めに医療機関を受診し、結果をお知らせください。"),
];

/// What is asked of whoever is under treatment (治療中).
pub const TREATED: &str = "治療中の項目です。主治医の指示に従って治療を続け、この結果を主治医に見せてください。";

/// What is asked of whoever should see a physician at once (domain.md 2.5).
pub const AT_ONCE: &str = "直ちに医療機関を受診してください。";

/// What a category tells about, in the order in which categories are shown.
#[rustfmt::skip]
const CATEGORIES: &[(Category, &str)] = &[
    (Body,          "身長・体重・腹囲から、肥満ややせの程度を確認します。"),
    (Eye,           "視力や眼圧、眼底の血管の状態を確認します。"),
    (Ear,           "低い音（1000Hz）と高い音（4000Hz）の聞こえ方を確認します。"),
    (Chest,         "肺や心臓の影から、肺の病気や心臓の大きさを確認します。"),
    (BloodPressure, "心臓が血液を送り出すときに血管にかかる力です。高い状態が続くと脳や心臓の病気につながります。"),
    (Blood,         "赤血球や白血球などから、貧血や炎症の有無を確認します。"),
    (Liver,         "肝臓の細胞が傷んでいないか、飲酒や脂肪の影響がないかを確認します。"),
    (Lipid,         "血液中の脂肪の量です。多い状態が続くと動脈硬化が進みます。"),
    (Glucose,       "血液中の糖の量です。糖尿病やその手前の状態でないかを確認します。"),
    (Renal,         "腎臓が老廃物を尿に出す働きを確認します。"),
    (UricAcid,      "血液中の尿酸の量です。多いと痛風や腎臓の病気の原因になります。"),
    (Urine,         "尿に糖・蛋白・血液が出ていないかを確認します。"),
    (Ecg,           "心臓の電気の流れから、不整脈や心臓の負担を確認します。"),
    (Inflammation,  "体のどこかに炎症がないかを確認します。"),
    (Stool,         "便に血液が混じっていないかを確認します。大腸の病気の手がかりになります。"),
    (Ultrasound,    "おなかの臓器の形や大きさを確認します。"),
];

/// What a letter asks for.
#[must_use]
pub fn asks(grade: Grade) -> &'static str {
    GRADES.iter().find(|(of, _)| *of == grade).map_or("", |(_, text)| *text)
}

/// What a category tells about; none where it carries no letter.
#[must_use]
pub fn about(category: Category) -> Option<&'static str> {
    CATEGORIES.iter().find(|(of, _)| *of == category).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_asks_for_something_and_every_category_that_carries_one_is_explained() {
        for grade in Grade::ALL {
            assert!(!asks(grade).is_empty(), "{grade:?}");
        }
        for category in Category::ALL {
            let carries = !matches!(category, Category::Interview | Category::Conclusion);
            assert_eq!(about(category).is_some(), carries, "{category:?}");
        }
    }
}
