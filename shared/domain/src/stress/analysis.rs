//! Group analysis (集団分析): what the answers of a group come to. Means per scale, the place of the group in the two judgement diagrams (仕事のストレス判定図), and the health risks
//! (健康リスク) that go with it. Groups are added up person by person and merged in any order; nothing here knows who is in a group, and what may be published of which group is decided
//! in [`super::suppression`].
//!
//! Whoever left an item of the questionnaire open is not in a group's figures, so that all figures of a group are about the same people, and there is nobody who is in one mean and not in
//! another one.
//!
//! Risks are computed in binary floating point and rounded down once, when they are shown (domain.md 15.2).

use serde::{Deserialize, Serialize};

use super::{
    answers::Answers,
    scales::{self, Columns, ROWS, Scale},
};

/// What a further scale of the 80 items is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 仕事の負担.
    Demand,
    /// 作業レベル資源.
    Task,
    /// 部署レベル資源.
    Department,
    /// 事業場レベル資源.
    Workplace,
    /// アウトカム.
    Outcome,
}

impl Level {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Demand => "仕事の負担",
            Self::Task => "作業レベルの資源",
            Self::Department => "部署レベルの資源",
            Self::Workplace => "事業場レベルの資源",
            Self::Outcome => "アウトカム",
        }
    }
}

/// A further scale of the 80 items: the mean of its items from 1 to 4, higher is better.
#[derive(Debug)]
pub struct FurtherScale {
    /// Stable, for programs.
    pub code: &'static str,
    /// What people read.
    pub japanese: &'static str,
    /// What it is about.
    pub level: Level,
    /// Its items.
    pub items: &'static [u8],
    /// Whether an item counts as `5 - answer`: a statement that is good when it is true.
    turned: bool,
    /// National means in hundredths: male, female, all.
    pub norms: [u16; 3],
}

const fn further(
    code: &'static str,
    japanese: &'static str,
    level: Level,
    items: &'static [u8],
    turned: bool,
    norms: [u16; 3],
) -> FurtherScale {
    FurtherScale { code, japanese, level, items, turned, norms }
}

/// How many further scales there are.
pub const FURTHER_COUNT: usize = 22;
/// The edition of the norms.
pub const NORMS_VERSION: &str = "nbjsq-1";
/// Where the further scales and their norms come from. Confidence M.
pub const NORMS_SOURCE: &str = "新職業性ストレス簡易調査票 推奨尺度セット短縮版（全国標準値）";

/// The further scales (domain.md 4.6).
#[rustfmt::skip]
pub static FURTHER: [FurtherScale; FURTHER_COUNT] = [
    further("emotional_demand",      "情緒的負担",                         Level::Demand,     &[58],     false, [265, 266, 266]),
    further("role_conflict",         "役割葛藤",                           Level::Demand,     &[59],     false, [273, 301, 287]),
    further("role_clarity",          "役割明確さ",                         Level::Task,       &[60],     true,  [338, 344, 341]),
    further("growth",                "成長の機会",                         Level::Task,       &[61],     true,  [260, 264, 262]),
    further("economic_reward",       "経済・地位報酬",                     Level::Department, &[62],     true,  [220, 231, 225]),
    further("esteem_reward",         "尊重報酬",                           Level::Department, &[63],     true,  [252, 267, 259]),
    further("job_security",          "安定報酬",                           Level::Department, &[64],     false, [283, 285, 284]),
    further("leadership",            "上司のリーダーシップ",               Level::Department, &[65],     true,  [231, 219, 225]),
    further("fair_supervisor",       "上司の公正な態度",                   Level::Department, &[66],     true,  [261, 269, 265]),
    further("praise",                "ほめてもらえる職場",                 Level::Department, &[67],     true,  [255, 262, 259]),
    further("failure_accepted",      "失敗を認める職場",                   Level::Department, &[68],     true,  [246, 244, 245]),
    further("trust_in_management",   "経営層との信頼関係",                 Level::Workplace,  &[69],     true,  [253, 263, 258]),
    further("response_to_change",    "変化への対応",                       Level::Workplace,  &[70],     true,  [233, 237, 235]),
    further("respect_for_persons",   "個人の尊重",                         Level::Workplace,  &[71],     true,  [210, 219, 214]),
    further("fair_evaluation",       "公正な人事評価",                     Level::Workplace,  &[72],     true,  [203, 205, 204]),
    further("diversity",             "多様な労働者への対応",               Level::Workplace,  &[73],     true,  [264, 281, 272]),
    further("career",                "キャリア形成",                       Level::Workplace,  &[74],     true,  [218, 228, 223]),
    further("work_to_self_negative", "ワーク・セルフ・バランス（ネガティブ）", Level::Demand,    &[75],     false, [276, 292, 283]),
    further("work_to_self_positive", "ワーク・セルフ・バランス（ポジティブ）", Level::Workplace, &[76],     true,  [198, 218, 207]),
    further("harassment",            "職場のハラスメント",                 Level::Outcome,    &[77],     false, [369, 372, 370]),
    further("unity",                 "職場の一体感",                       Level::Outcome,    &[78],     true,  [258, 275, 266]),
    further("engagement",            "ワーク・エンゲイジメント",           Level::Outcome,    &[79, 80], true,  [245, 258, 252]),
];

impl FurtherScale {
    /// What one person adds; 0 where an item is open.
    fn raw(&self, answers: &Answers) -> u32 {
        let mut sum = 0;
        for number in self.items {
            let code = answers.code(*number);
            if code == 0 {
                return 0;
            }
            sum += u32::from(if self.turned { 5 - code } else { code });
        }
        sum
    }
}

/// What a group's answers add up to. Its size does not depend on the group's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    respondents: u32,
    /// Of them, those whose risks go by the female columns.
    female: u32,
    /// Raw values of each scale; 0 where the questionnaire lacks an item of it.
    scales: [u32; scales::COUNT],
    further: [u32; FURTHER_COUNT],
}

impl Tally {
    /// Adds a person; says whether they count. Whoever left an item of the questionnaire open does not.
    pub fn add(&mut self, answers: &Answers, columns: Columns) -> bool {
        if !answers.is_complete() {
            return false;
        }
        self.respondents += 1;
        self.female += u32::from(columns == Columns::Female);
        for (row, total) in ROWS.iter().zip(&mut self.scales) {
            *total += row.raw(answers).map_or(0, u32::from);
        }
        for (scale, total) in FURTHER.iter().zip(&mut self.further) {
            *total += scale.raw(answers);
        }
        true
    }

    /// Adds another group.
    pub fn merge(&mut self, other: &Self) {
        self.respondents += other.respondents;
        self.female += other.female;
        for (total, more) in self.scales.iter_mut().zip(other.scales) {
            *total += more;
        }
        for (total, more) in self.further.iter_mut().zip(other.further) {
            *total += more;
        }
    }

    /// How many people answered (回答者数).
    #[must_use]
    pub const fn respondents(&self) -> u32 {
        self.respondents
    }

    /// The mean raw value of a scale; none where the questionnaire lacks it.
    #[must_use]
    pub fn mean(&self, scale: Scale) -> Option<f64> {
        let total = self.scales.get(scale.index()).copied().filter(|total| *total > 0)?;
        Some(f64::from(total) / f64::from(self.respondents))
    }

    /// The means of the further scales, from 1 to 4; empty unless all 80 items were asked.
    pub fn further(&self) -> impl Iterator<Item = (&'static FurtherScale, f64)> {
        let people = f64::from(self.respondents);
        FURTHER.iter().zip(self.further).filter(|(_, total)| *total > 0).map(move |(scale, total)| {
            let items = u32::try_from(scale.items.len()).unwrap_or(1);
            (scale, f64::from(total) / f64::from(items) / people)
        })
    }

    /// Where the group stands in the judgement diagrams.
    #[must_use]
    pub fn diagram(&self) -> Option<Diagram> {
        Some(Diagram {
            quantity: self.mean(Scale::Quantity)?,
            control: self.mean(Scale::Control)?,
            supervisor: self.mean(Scale::SupervisorSupport)?,
            coworkers: self.mean(Scale::CoworkerSupport)?,
        })
    }

    /// The share of people whose risks go by the female coefficients.
    #[must_use]
    pub fn female_share(&self) -> f64 {
        if self.respondents == 0 { 0.0 } else { f64::from(self.female) / f64::from(self.respondents) }
    }
}

/// Where a group stands in the judgement diagrams: means of raw values from 3 to 12, more is more of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Diagram {
    /// 仕事の量的負担.
    pub quantity: f64,
    /// 仕事のコントロール.
    pub control: f64,
    /// 上司の支援.
    pub supervisor: f64,
    /// 同僚の支援.
    pub coworkers: f64,
}

/// National means and regression coefficients of the four scales of the diagrams.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients {
    /// National means, where the risk is 100.
    pub means: Diagram,
    /// How the logarithm of the risk grows with each scale.
    pub slopes: Diagram,
}

const fn coefficients(means: [f64; 4], slopes: [f64; 4]) -> Coefficients {
    let [quantity, control, supervisor, coworkers] = means;
    let [a, b, c, d] = slopes;
    Coefficients {
        means: Diagram { quantity, control, supervisor, coworkers },
        slopes: Diagram { quantity: a, control: b, supervisor: c, coworkers: d },
    }
}

/// Coefficients of men and of women that belong together.
#[derive(Debug)]
pub struct RiskModel {
    /// Stable, for programs.
    pub code: &'static str,
    /// What people read.
    pub japanese: &'static str,
    /// Where the numbers come from, as whoever shows a risk has to say.
    pub source: &'static str,
    male: Coefficients,
    female: Coefficients,
}

const CLASSIC_SOURCE: &str = "仕事のストレス判定図（職業性ストレス簡易調査票、東京大学技術資料）の男女別係数";
const INDUSTRY_SOURCE: &str = "業種別の健康リスク係数（2024年の研究データ）";

const fn industry(code: &'static str, japanese: &'static str, slopes: [f64; 4], means: [f64; 4]) -> RiskModel {
    let of_all = coefficients(means, slopes);
    RiskModel { code, japanese, source: INDUSTRY_SOURCE, male: of_all, female: of_all }
}

/// The models, the usual one first. Classic coefficients: form H, numbers M to H; two means have a rival of one source each (male control 8.0, male supervisors 7.5). By industry: M, men and
/// women alike (domain.md 4.7, 13-6).
#[rustfmt::skip]
pub static RISK_MODELS: [RiskModel; 23] = [
    RiskModel {
        code: "classic", japanese: "仕事のストレス判定図（男女別）", source: CLASSIC_SOURCE,
        male: coefficients([8.7, 7.9, 7.6, 8.1], [0.076, -0.089, -0.097, -0.097]),
        female: coefficients([7.9, 7.2, 6.6, 8.2], [0.048, -0.056, -0.097, -0.097]),
    },
    industry("all_longitudinal", "全産業（縦断）", [0.073, -0.064, -0.075, -0.082], [8.42, 7.79, 7.60, 8.07]),
    industry("all_cross_sectional", "全産業（横断）", [0.293, -0.222, -0.177, -0.251], [8.42, 7.79, 7.60, 8.07]),
    industry("construction_longitudinal", "建設業（縦断）", [0.048, -0.194, -0.088, -0.096], [8.50, 8.03, 7.84, 8.10]),
    industry("construction_cross_sectional", "建設業（横断）", [0.335, -0.292, -0.189, -0.271], [8.50, 8.03, 7.84, 8.10]),
    industry("manufacturing_longitudinal", "製造業（縦断）", [0.065, -0.126, -0.032, -0.119], [8.43, 7.81, 7.41, 7.84]),
    industry("manufacturing_cross_sectional", "製造業（横断）", [0.303, -0.244, -0.159, -0.234], [8.43, 7.81, 7.41, 7.84]),
    industry("information_longitudinal", "情報通信業（縦断）", [0.061, -0.155, -0.069, -0.042], [8.40, 8.12, 7.80, 7.99]),
    industry("information_cross_sectional", "情報通信業（横断）", [0.262, -0.306, -0.209, -0.146], [8.40, 8.12, 7.80, 7.99]),
    industry("transport_longitudinal", "運輸・郵便業（縦断）", [0.101, -0.011, -0.069, -0.116], [7.93, 7.44, 7.27, 7.83]),
    industry("transport_cross_sectional", "運輸・郵便業（横断）", [0.340, -0.104, -0.157, -0.239], [7.93, 7.44, 7.27, 7.83]),
    industry("retail_longitudinal", "卸売・小売業（縦断）", [0.037, -0.077, -0.042, -0.069], [8.62, 7.84, 7.62, 8.12]),
    industry("retail_cross_sectional", "卸売・小売業（横断）", [0.292, -0.268, -0.167, -0.210], [8.62, 7.84, 7.62, 8.12]),
    industry("finance_longitudinal", "金融・保険業（縦断）", [0.102, -0.043, -0.037, -0.218], [8.53, 7.89, 7.80, 8.35]),
    industry("finance_cross_sectional", "金融・保険業（横断）", [0.393, -0.263, -0.349, -0.194], [8.53, 7.89, 7.80, 8.35]),
    industry("education_longitudinal", "教育・学習支援業（縦断）", [0.149, -0.056, -0.107, -0.104], [8.81, 8.12, 7.74, 8.35]),
    industry("education_cross_sectional", "教育・学習支援業（横断）", [0.322, -0.156, -0.237, -0.197], [8.81, 8.12, 7.74, 8.35]),
    industry("health_longitudinal", "医療・福祉（縦断）", [0.063, -0.103, -0.044, -0.129], [8.81, 7.38, 7.54, 8.21]),
    industry("health_cross_sectional", "医療・福祉（横断）", [0.262, -0.246, -0.188, -0.249], [8.81, 7.38, 7.54, 8.21]),
    industry("services_longitudinal", "サービス業（縦断）", [0.071, -0.102, -0.055, -0.087], [8.15, 7.76, 7.54, 7.99]),
    industry("services_cross_sectional", "サービス業（横断）", [0.264, -0.213, -0.179, -0.273], [8.15, 7.76, 7.54, 7.99]),
    industry("public_longitudinal", "公務（縦断）", [0.042, -0.059, -0.064, -0.034], [8.29, 7.72, 7.98, 8.48]),
    industry("public_cross_sectional", "公務（横断）", [0.249, -0.271, -0.091, -0.425], [8.29, 7.72, 7.98, 8.48]),
];

/// Health risks of a group; 100 is the national mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Risks {
    /// 量-コントロール判定図 (A).
    pub load_and_control: f64,
    /// 職場の支援判定図 (B).
    pub support: f64,
    /// 総合健康リスク: A × B / 100.
    pub total: f64,
}

/// The most that a risk of one diagram is told as (confidence M).
const MOST: f64 = 350.0;

/// Which of the two judgement diagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// 量-コントロール判定図: quantity and control.
    LoadAndControl,
    /// 職場の支援判定図: supervisors and co-workers.
    Support,
}

/// Means of raw values lie between these.
const LOWEST: f64 = 3.0;
const HIGHEST: f64 = 12.0;

impl RiskModel {
    /// The model of a code.
    #[must_use]
    pub fn of(code: &str) -> Option<&'static Self> {
        RISK_MODELS.iter().find(|model| model.code == code)
    }

    /// The risk of one diagram at the coordinates `(x, y)`, in a group of which this share is female. Men and women are weighted by their number, each by their own coefficients at the means
    /// of the whole group: figures of men and women apart would be figures of groups that may be smaller than ten.
    fn risk(&self, which: Which, (x, y): (f64, f64), female_share: f64) -> f64 {
        let of = |by: &Coefficients| {
            let (means, slopes) = (by.means, by.slopes);
            let exponent = match which {
                Which::LoadAndControl => (x - means.quantity) * slopes.quantity + (y - means.control) * slopes.control,
                Which::Support => (x - means.supervisor) * slopes.supervisor + (y - means.coworkers) * slopes.coworkers,
            };
            100.0 * exponent.exp()
        };
        (of(&self.male) * (1.0 - female_share) + of(&self.female) * female_share).min(MOST)
    }

    /// The risks of a group.
    #[must_use]
    pub fn risks(&self, diagram: Diagram, female_share: f64) -> Risks {
        let load_and_control = self.risk(Which::LoadAndControl, (diagram.quantity, diagram.control), female_share);
        let support = self.risk(Which::Support, (diagram.supervisor, diagram.coworkers), female_share);
        Risks { load_and_control, support, total: load_and_control * support / 100.0 }
    }

    /// The national means, weighted like the risks.
    #[must_use]
    pub fn means(&self, female_share: f64) -> Diagram {
        let (male, female) = (self.male.means, self.female.means);
        let mixed = |male: f64, female: f64| male + (female - male) * female_share;
        Diagram {
            quantity: mixed(male.quantity, female.quantity),
            control: mixed(male.control, female.control),
            supervisor: mixed(male.supervisor, female.supervisor),
            coworkers: mixed(male.coworkers, female.coworkers),
        }
    }

    /// The line on which a diagram's risk is `risk`, from left to right as far as it lies within the diagram.
    #[must_use]
    pub fn contour(&self, which: Which, risk: f64, female_share: f64) -> Vec<(f64, f64)> {
        let at = |x: f64, y: f64| self.risk(which, (x, y), female_share);
        (0..=36_u8)
            .map(|step| LOWEST + f64::from(step) / 4.0)
            .filter_map(|x| {
                // More control and more support always lower the risk.
                let (mut low, mut high) = (LOWEST, HIGHEST);
                if at(x, low) < risk || at(x, high) > risk {
                    return None;
                }
                for _ in 0..40 {
                    let middle = f64::midpoint(low, high);
                    if at(x, middle) > risk { low = middle } else { high = middle }
                }
                Some((x, f64::midpoint(low, high)))
            })
            .collect()
    }
}

/// A risk as it is shown: rounded down, once. A hair below a whole number is that number.
#[must_use]
pub fn shown(risk: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a risk is between 0 and 1,225")]
    let whole = (risk + 1e-9).floor().clamp(0.0, 2_000.0) as u32;
    whole
}

/// What practice makes of a total risk (confidence M).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Below 100.
    Good,
    /// 100 to 119.
    Watch,
    /// 120 to 149.
    Attention,
    /// From 150 on.
    Act,
}

impl Band {
    /// The band of a risk as it is shown.
    #[must_use]
    pub const fn of(shown: u32) -> Self {
        match shown {
            0..100 => Self::Good,
            100..120 => Self::Watch,
            120..150 => Self::Attention,
            150.. => Self::Act,
        }
    }

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Good => "良好",
            Self::Watch => "経過をみる",
            Self::Attention => "注意",
            Self::Act => "対策が必要",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stress::questionnaire::Questionnaire;

    fn classic() -> &'static RiskModel {
        RiskModel::of("classic").unwrap()
    }

    fn tally<'a>(texts: impl IntoIterator<Item = &'a String>) -> Tally {
        let mut tally = Tally::default();
        for text in texts {
            let columns = if text.ends_with('1') { Columns::Female } else { Columns::Male };
            tally.add(&Answers::from_compact(text).unwrap(), columns);
        }
        tally
    }

    #[test]
    fn r35_golden_risks_domain_15_2() {
        #[rustfmt::skip]
        let cases = [
            (0.0, [8.7, 7.9, 7.6, 8.1], [100.00, 100.00, 100.00], 100),
            (0.0, [9.0, 7.5, 7.0, 8.0], [106.01, 107.03, 113.46], 113),
            (1.0, [8.5, 6.8, 6.0, 7.9], [105.25, 109.12, 114.85], 114),
        ];
        for (female, [quantity, control, supervisor, coworkers], expected, whole) in cases {
            let risks = classic().risks(Diagram { quantity, control, supervisor, coworkers }, female);
            for (risk, expected) in [risks.load_and_control, risks.support, risks.total].into_iter().zip(expected) {
                assert!((risk - expected).abs() < 0.005, "{risk} is not {expected}");
            }
            assert_eq!(shown(risks.total), whole);
        }
    }

    #[test]
    fn r35_every_model_is_100_at_its_own_means_and_worse_with_more_work_and_less_of_the_rest() {
        for model in &RISK_MODELS {
            for female in [0.0, 1.0] {
                let means = model.means(female);
                assert_eq!(shown(model.risks(means, female).total), 100, "{}", model.code);
                let worse = Diagram {
                    quantity: means.quantity + 1.0,
                    control: means.control - 1.0,
                    supervisor: means.supervisor - 1.0,
                    coworkers: means.coworkers - 1.0,
                };
                let risks = model.risks(worse, female);
                assert!(risks.load_and_control > 100.0 && risks.support > 100.0, "{}", model.code);
            }
        }
        let codes: std::collections::BTreeSet<_> = RISK_MODELS.iter().map(|model| model.code).collect();
        assert_eq!(codes.len(), RISK_MODELS.len());
    }

    #[test]
    fn r35_a_contour_is_where_the_risk_is_that() {
        for which in [Which::LoadAndControl, Which::Support] {
            for female in [0.0, 0.4, 1.0] {
                let line = classic().contour(which, 120.0, female);
                assert!(line.len() > 10, "{which:?}: it crosses the diagram");
                for point in line {
                    assert!((classic().risk(which, point, female) - 120.0).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn r35_the_further_scales_are_means_where_higher_is_better_domain_4_6() {
        let good: String = Questionnaire::Extended
            .numbers()
            .iter()
            .map(|number| if [58, 59, 64, 75, 77].contains(number) { '4' } else { '1' })
            .collect();
        let best = tally([&good, &good]);
        assert_eq!(best.further().count(), FURTHER_COUNT);
        assert!(best.further().all(|(_, mean)| (mean - 4.0).abs() < 1e-9));
        let items: Vec<u8> = FURTHER.iter().flat_map(|scale| scale.items).copied().collect();
        assert_eq!(items, (58..=80).collect::<Vec<_>>());
        assert_eq!(tally([&"2".repeat(57)]).further().count(), 0, "the 57 items have none of them");
    }

    #[test]
    fn r35_whoever_left_something_open_is_in_none_of_the_means() {
        let mut group = tally([&"1".repeat(57)]);
        let before = group;
        assert!(!group.add(&Answers::from_compact(&format!("{}-", "4".repeat(56))).unwrap(), Columns::Male));
        assert_eq!(group, before);
        assert_eq!(group.mean(Scale::Quantity), Some(12.0));
        assert_eq!(tally([&"1".repeat(23)]).mean(Scale::Depression), None, "the short form lacks items of it");
    }

    #[test]
    fn r35_bands_begin_where_practice_has_them() {
        let bands = [99, 100, 119, 120, 149, 150].map(Band::of);
        assert_eq!(bands, [Band::Good, Band::Watch, Band::Watch, Band::Attention, Band::Attention, Band::Act]);
    }

    proptest! {
        /// Groups merge in any order to what they are together; and means are those of an addition by hand.
        #[test]
        fn r35_groups_merge_to_what_they_are_together(texts in proptest::collection::vec("[1-4]{57}", 1..30), at: proptest::sample::Index) {
            let at = at.index(texts.len());
            let whole = tally(&texts);
            let mut parts = tally(&texts[at..]);
            parts.merge(&tally(&texts[..at]));
            prop_assert_eq!(parts, whole);
            let quantity: u32 = texts.iter().map(|text| text.bytes().take(3).map(|b| 5 - u32::from(b - b'0')).sum::<u32>()).sum();
            prop_assert_eq!(whole.mean(Scale::Quantity), Some(f64::from(quantity) / f64::from(u32::try_from(texts.len()).unwrap())));
        }
    }
}
