//! A group of scales of one's own profile as a drawing (ストレスプロフィールの図): outer is better on every axis.

use charts::{RadarChart, Spoke};
use domain::stress::{
    profile::{Group, Line, lines},
    scoring::Score,
};

/// The drawing; one without axes where there is no score.
pub(crate) fn of(group: Group, score: Option<&Score>) -> RadarChart {
    let spoke = |line: Line| Spoke {
        label: line.scale.japanese().to_owned(),
        grade: Some(line.grade),
        says: format!("評価点{}（{}）", line.grade, line.level),
    };
    let of_group = score.into_iter().flat_map(lines).filter(|line| line.group == group);
    RadarChart { title: group.japanese().to_owned(), spokes: of_group.map(spoke).collect() }
}

#[cfg(test)]
mod tests {
    use domain::{
        employee::Sex,
        stress::{
            answers::Answers,
            questionnaire::Questionnaire,
            scoring::{Criteria, Method, score},
        },
    };

    use super::*;

    #[test]
    fn r35_a_profile_is_drawn_with_the_best_outside() {
        let criteria = Criteria::standard(Questionnaire::Standard, Method::Sum).unwrap();
        let compact: String = (1..=57).map(|item: u8| char::from(b'1' + item % 4)).collect();
        let score = score(&Answers::from_compact(&compact).unwrap(), &criteria, Sex::Female).unwrap();
        let drawn = of(Group::Reactions, Some(&score));
        assert_eq!(drawn.spokes.len(), 6);
        insta::assert_snapshot!(drawn.svg());
        assert!(of(Group::Causes, None).svg().contains("図に表せる尺度が足りません"));
    }
}
