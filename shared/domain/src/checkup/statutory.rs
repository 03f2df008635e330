//! What the law wants examined at a periodic checkup (安衛則44), and what may be left out at which age (省略できる項目; domain.md 2.2). Age alone leaves nothing out: a physician
//! judges, case by case, and says so (`省略`). What is told here is what is not there, and whether that can be a physician's omission.

use jiff::civil::{Date, date};
use serde::Serialize;

use super::{
    Subject,
    item::ItemId,
    items,
    results::Results,
    value::{Missing, Value},
};
use crate::decimal::Decimal;

/// One of the statutory items (法定項目).
#[derive(Debug, Clone, Copy)]
struct Statutory {
    /// The number of 安衛則44条1項.
    number: u8,
    name: &'static str,
    /// Groups of items; of each group at least one has a result.
    groups: &'static [&'static [ItemId]],
    omission: Omission,
}

/// When a physician may leave an item out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Omission {
    /// Never.
    Never,
    /// From 20 on (身長).
    From20,
    /// Under 40, but for 35 (血液検査・心電図).
    Under40But35,
    /// Under 40, but for 20, 25, 30 and 35 (胸部X線), unless the workplace asks for it.
    Under40ButEvery5,
    /// Under 40, but for 35; or a BMI under 20 (腹囲).
    Waist,
    /// Under 45, but for 35 and 40: another way of testing is enough (聴力).
    OtherWayUnder45,
    /// Where nothing was seen in the X-ray (喀痰).
    Always,
}

/// The items. Source: domain.md 2.2 (confidence H).
const STATUTORY: &[Statutory] = &[
    Statutory {
        number: 1, name: "既往歴及び業務歴の調査", groups: &[&[items::HISTORY]], omission: Omission::Never
    },
    Statutory {
        number: 2,
        name: "自覚症状及び他覚症状の有無の検査",
        groups: &[&[items::SUBJECTIVE], &[items::OBJECTIVE]],
        omission: Omission::Never,
    },
    Statutory { number: 3, name: "身長", groups: &[&[items::HEIGHT]], omission: Omission::From20 },
    Statutory { number: 3, name: "体重", groups: &[&[items::WEIGHT]], omission: Omission::Never },
    Statutory { number: 3, name: "腹囲", groups: &[&[items::WAIST]], omission: Omission::Waist },
    Statutory {
        number: 3,
        name: "視力",
        groups: &[&[items::VIS_R, items::VISC_R], &[items::VIS_L, items::VISC_L]],
        omission: Omission::Never,
    },
    Statutory {
        number: 3,
        name: "聴力",
        groups: &[&[items::HEAR_R1K], &[items::HEAR_R4K], &[items::HEAR_L1K], &[items::HEAR_L4K]],
        omission: Omission::OtherWayUnder45,
    },
    Statutory {
        number: 4, name: "胸部エックス線検査", groups: &[&[items::CXR]], omission: Omission::Under40ButEvery5
    },
    Statutory { number: 4, name: "喀痰検査", groups: &[&[items::SPUTUM]], omission: Omission::Always },
    Statutory {
        number: 5, name: "血圧の測定", groups: &[&[items::SBP], &[items::DBP]], omission: Omission::Never
    },
    Statutory {
        number: 6, name: "貧血検査", groups: &[&[items::HB], &[items::RBC]], omission: Omission::Under40But35
    },
    Statutory {
        number: 7,
        name: "肝機能検査",
        groups: &[&[items::AST], &[items::ALT], &[items::GGT]],
        omission: Omission::Under40But35,
    },
    Statutory {
        number: 8,
        name: "血中脂質検査",
        groups: &[&[items::LDL, items::NON_HDL], &[items::HDL], &[items::TG, items::TG_CASUAL]],
        omission: Omission::Under40But35,
    },
    Statutory {
        number: 9,
        name: "血糖検査",
        groups: &[&[items::FPG, items::GLU_CASUAL, items::HBA1C]],
        omission: Omission::Under40But35,
    },
    Statutory {
        number: 10,
        name: "尿検査（糖・蛋白）",
        groups: &[&[items::U_GLU], &[items::U_PRO]],
        omission: Omission::Never,
    },
    Statutory { number: 11, name: "心電図検査", groups: &[&[items::ECG]], omission: Omission::Under40But35 },
];

/// From this day on HbA1c alone is a test of blood glucose (基発1223第7号).
const HBA1C_ALONE_FROM: Date = date(2020, 12, 23);
/// Below this BMI the waist may be left out.
const WAIST_BMI: Decimal = Decimal::new(200, 1);

impl Omission {
    fn may_be(self, age: u8, results: &Results) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::From20 => age >= 20,
            Self::Under40But35 => age < 40 && age != 35,
            Self::Under40ButEvery5 => age < 40 && !matches!(age, 20 | 25 | 30 | 35),
            Self::Waist => (age < 40 && age != 35) || results.exact(items::BMI).is_some_and(|bmi| bmi < WAIST_BMI),
            Self::OtherWayUnder45 => age < 45 && !matches!(age, 35 | 40) && has_result(results, items::HEAR_OTHER),
        }
    }
}

/// A statutory item that has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lacking {
    /// The number of 安衛則44条1項.
    pub number: u8,
    /// What people read.
    pub name: &'static str,
    /// A physician may leave it out at this age; otherwise it is to be made up for (再受診).
    pub may_be_omitted: bool,
    /// The clinic says that a physician has left it out (省略).
    pub omitted: bool,
}

fn has_result(results: &Results, item: ItemId) -> bool {
    results.get(item).is_some_and(|result| !matches!(result.value, Value::Missing(_)))
}

fn is_omitted(results: &Results, item: ItemId) -> bool {
    results.get(item).is_some_and(|result| matches!(result.value, Value::Missing(Missing::Omitted)))
}

/// The statutory items without a result, in the order of the law. Sputum is never lacking: it follows from what the X-ray shows.
#[must_use]
pub fn lacking(results: &Results, subject: Subject, examined_on: Date) -> Vec<Lacking> {
    let has_one_of = |group: &&[ItemId]| {
        group.iter().any(|&item| has_result(results, item) && (item != items::HBA1C || examined_on >= HBA1C_ALONE_FROM))
    };
    let lacks = |statutory: &&Statutory| {
        statutory.omission != Omission::Always
            && !statutory.groups.iter().all(has_one_of)
            && !(statutory.omission == Omission::OtherWayUnder45 && statutory.omission.may_be(subject.age, results))
    };
    let of = |statutory: &Statutory| Lacking {
        number: statutory.number,
        name: statutory.name,
        may_be_omitted: statutory.omission.may_be(subject.age, results),
        omitted: statutory.groups.iter().flat_map(|group| group.iter()).any(|&item| is_omitted(results, item)),
    };
    STATUTORY.iter().filter(lacks).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::value::read, *};
    use crate::employee::Sex;

    const DAY: Date = date(2026, 6, 1);

    fn results(cells: &[(ItemId, &str)]) -> Results {
        let mut results = Results::default();
        for &(item, cell) in cells {
            results.insert_reading(item, read(item, cell).unwrap().unwrap());
        }
        results
    }

    fn at(age: u8) -> Subject {
        Subject { sex: Sex::Male, age }
    }

    /// What is never left out, at any age from 20 on.
    const ALWAYS: &[(ItemId, &str)] = &[
        (items::HISTORY, "なし"),
        (items::SUBJECTIVE, "なし"),
        (items::OBJECTIVE, "なし"),
        (items::HEIGHT, "170.0"),
        (items::WEIGHT, "66.0"),
        (items::BMI, "23.0"),
        (items::VIS_R, "1.0"),
        (items::VISC_L, "1.0"),
        (items::HEAR_R1K, "所見なし"),
        (items::HEAR_R4K, "所見なし"),
        (items::HEAR_L1K, "所見なし"),
        (items::HEAR_L4K, "所見なし"),
        (items::SBP, "120"),
        (items::DBP, "70"),
        (items::U_GLU, "(-)"),
        (items::U_PRO, "(-)"),
    ];

    #[test]
    fn at_34_36_and_39_blood_ecg_and_waist_may_be_left_out_at_35_and_40_not_domain_2_2_and_15_3() {
        for (age, may_be) in [(34, true), (35, false), (36, true), (39, true), (40, false)] {
            let lacking = lacking(&results(ALWAYS), at(age), DAY);
            let blood: Vec<_> = lacking.iter().filter(|it| !matches!(it.number, 4)).collect();
            let names: Vec<_> = blood.iter().map(|it| it.name).collect();
            assert_eq!(names, ["腹囲", "貧血検査", "肝機能検査", "血中脂質検査", "血糖検査", "心電図検査"], "{age}");
            assert!(blood.iter().all(|it| it.may_be_omitted == may_be), "{age}");
        }
    }

    #[test]
    fn the_x_ray_is_taken_every_five_years_under_40_domain_2_2() {
        let may_be =
            |age| lacking(&results(ALWAYS), at(age), DAY).into_iter().find(|it| it.number == 4).unwrap().may_be_omitted;
        for age in [20, 25, 30, 35, 40, 55] {
            assert!(!may_be(age), "{age}");
        }
        for age in [19, 21, 24, 26, 34, 36, 39] {
            assert!(may_be(age), "{age}");
        }
    }

    #[test]
    fn another_way_of_hearing_is_enough_under_45_but_for_35_and_40_domain_2_2() {
        let without: Vec<_> =
            ALWAYS.iter().filter(|(item, _)| item.item().name.contains("聴力").eq(&false)).copied().collect();
        let spoken = [without.as_slice(), &[(items::HEAR_OTHER, "所見なし")]].concat();
        let lacks = |age| lacking(&results(&spoken), at(age), DAY).into_iter().any(|it| it.name == "聴力");
        for (age, is_lacking) in
            [(34, false), (35, true), (36, false), (39, false), (40, true), (44, false), (45, true)]
        {
            assert_eq!(lacks(age), is_lacking, "{age}");
        }
    }

    #[test]
    fn hba1c_alone_is_a_test_of_glucose_since_2020_12_23_domain_2_2() {
        let only = [ALWAYS, &[(items::HBA1C, "5.4")]].concat();
        let lacks = |day| lacking(&results(&only), at(50), day).into_iter().any(|it| it.number == 9);
        assert!(lacks(date(2020, 12, 22)) && !lacks(date(2020, 12, 23)));
    }

    #[test]
    fn what_the_clinic_says_was_left_out_is_told_and_what_could_not_be_measured_is_lacking() {
        let cells = [ALWAYS, &[(items::AST, "省略"), (items::ECG, "測定不能")]].concat();
        let found = lacking(&results(&cells), at(36), DAY);
        let of = |number| found.iter().find(|it| it.number == number).copied().unwrap();
        assert!(of(7).omitted && of(7).may_be_omitted);
        assert!(!of(11).omitted, "unmeasurable is no omission");
        let young = [ALWAYS, &[(items::BMI, "19.9")]].concat();
        assert!(lacking(&results(&young), at(50), DAY).iter().any(|it| it.name == "腹囲" && it.may_be_omitted));
    }
}
