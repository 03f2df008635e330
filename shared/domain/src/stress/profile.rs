//! What a worker is shown of their result (ストレスプロフィール): every scale with its grade and a word for it, in three groups. Grade 5 is best everywhere, so that a chart of grades reads
//! "outer is better" for all scales (domain.md 4.10).

use serde::{Deserialize, Serialize};

use super::{
    questionnaire::Area,
    scales::{Direction, ROWS, Scale},
    scoring::Score,
};

/// The three groups of scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// What may cause stress.
    Causes,
    /// How mind and body react.
    Reactions,
    /// What makes it lighter or heavier.
    Support,
}

impl Group {
    /// All groups, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Causes, Self::Reactions, Self::Support];

    /// What stands above it, as the manual has it.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Causes => "ストレスの原因と考えられる因子",
            Self::Reactions => "ストレスによっておこる心身の反応",
            Self::Support => "ストレス反応に影響を与える他の因子",
        }
    }

    const fn of(area: Area) -> Self {
        match area {
            Area::A => Self::Causes,
            Area::B => Self::Reactions,
            Area::C | Area::D | Area::E => Self::Support,
        }
    }
}

/// What the columns of the conversion table are called, from low raw values to high ones.
const LEVELS: [&str; 5] = ["低い／少ない", "やや低い／少ない", "普通", "やや高い／多い", "高い／多い"];

/// One scale of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Which scale.
    pub scale: Scale,
    /// Its group.
    pub group: Group,
    /// 素点.
    pub raw: u8,
    /// 評価点: 1 most stressed, 5 best.
    pub grade: u8,
    /// How much of what the scale is named after there is.
    pub level: &'static str,
}

/// The scales of a result, in the order of the conversion table.
pub fn lines(score: &Score) -> impl Iterator<Item = Line> + use<'_> {
    ROWS.iter().zip(&score.scales).filter_map(|(row, scored)| {
        let scored = (*scored)?;
        let column = match row.direction {
            Direction::Positive => scored.grade,
            Direction::Negative => 6_u8.checked_sub(scored.grade)?,
        };
        let level = LEVELS.get(usize::from(column).checked_sub(1)?)?;
        Some(Line { scale: row.scale, group: Group::of(row.area), raw: scored.raw, grade: scored.grade, level })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        employee::Sex,
        stress::{
            answers::Answers,
            questionnaire::Questionnaire,
            scoring::{Criteria, Method, score},
        },
    };

    #[test]
    fn r35_a_profile_says_how_much_of_each_there_is_and_five_is_always_best() {
        let criteria = Criteria::standard(Questionnaire::Standard, Method::Sum).unwrap();
        let score = score(&Answers::from_compact(&"1".repeat(57)).unwrap(), &criteria, Sex::Male).unwrap();
        let lines: Vec<Line> = lines(&score).collect();
        assert_eq!(lines.len(), 19);
        let told = |scale| lines.iter().find(|line| line.scale == scale).map(|line| (line.grade, line.level)).unwrap();
        assert_eq!(told(Scale::Quantity), (1, "高い／多い"), "much work is bad");
        assert_eq!(told(Scale::Control), (5, "高い／多い"), "much control is good");
        assert_eq!(told(Scale::Fatigue), (5, "低い／少ない"), "little fatigue is good");
        let count = |group| lines.iter().filter(|line| line.group == group).count();
        assert_eq!(Group::ALL.map(count), [9, 6, 4]);
    }
}
