//! What individuals answered, and what it came to, as lines for themselves to take away.

use std::borrow::Cow;

use authz::{Permit, permission::ExportOwn};
use domain::{
    stress::{questionnaire, scales::ROWS},
    time::Jst,
};

use super::{StressAnswers, confidant::Seen, results::StressResult};
use crate::{
    Error, Store,
    exports::{Cell, Line, said, text},
    item::Stored,
};

impl Store {
    /// One's own answers, a line for each item that was answered; or one that says that they were deleted.
    pub(crate) async fn own_stress_answer_lines(&self, permit: &Permit<ExportOwn>) -> Result<Vec<Line>, Error> {
        let mut lines = Vec::new();
        for seen in self.own_parts(permit).await? {
            if let Some(Stored { record: answers, .. }) = self.answers_as_left(&seen).await? {
                lines.extend(match answers.deleted_at {
                    Some(at) => vec![deleted_line(&seen, &answers, at)],
                    None => answer_lines(&seen, &answers),
                });
            }
        }
        Ok(lines)
    }

    /// What they came to, where an implementer has signed: nobody is told before.
    pub(crate) async fn own_stress_result_lines(&self, permit: &Permit<ExportOwn>) -> Result<Vec<Line>, Error> {
        let mut lines = Vec::new();
        for seen in self.own_parts(permit).await? {
            if seen.round.record.signed_at.is_none() {
                continue;
            }
            let Some(Stored { record: result, .. }) = self.result_in(&seen).await? else { continue };
            let sharing = self.sharing_in(&seen).await?;
            let mut cells = result_cells(&seen, &result);
            cells.extend([said(sharing.consented_at), said(sharing.requested_at), said(sharing.used_at)]);
            lines.push(Line { cells, about: Some(seen.employee.id) });
        }
        Ok(lines)
    }
}

fn title(seen: &Seen) -> Cell {
    Cow::Owned(seen.round.plan.title.as_str().to_owned())
}

fn deleted_line(seen: &Seen, answers: &StressAnswers, at: Jst) -> Line {
    let says = format!("（回答は保存期間を過ぎたため、{}に削除されました）", at.date());
    let nothing = || Cow::Borrowed("");
    let round = text(seen.round.record.id);
    let cells = vec![round, title(seen), nothing(), Cow::Owned(says), nothing(), said(answers.submitted_at)];
    Line { cells, about: Some(seen.employee.id) }
}

fn answer_lines(seen: &Seen, answers: &StressAnswers) -> Vec<Line> {
    let items = questionnaire::Questionnaire::items(seen.round.plan.criteria.questionnaire());
    let answered = items.filter_map(|item| Some((item, answers.answers.get(item.number)?)));
    let line = |(item, choice): (&questionnaire::Item, domain::stress::answers::Choice)| {
        let asked = item.lead.map_or_else(String::new, |lead| format!("{}　", lead.japanese)) + item.text.japanese;
        let cells = vec![
            text(seen.round.record.id),
            title(seen),
            text(item.number),
            Cow::Owned(asked),
            text(choice.code()),
            said(answers.submitted_at),
        ];
        Line { cells, about: Some(seen.employee.id) }
    };
    answered.map(line).collect()
}

fn result_cells(seen: &Seen, result: &StressResult) -> Vec<Cell> {
    let yes = |is_so: bool| Cow::Borrowed(if is_so { "該当" } else { "非該当" });
    let needed = if result.needs_interview() { "要" } else { "不要" };
    let score = result.score.as_ref();
    let scales = score.map(|score| {
        let graded = ROWS.iter().zip(score.scales).filter_map(|(row, scale)| Some((row.japanese, scale?.grade)));
        graded.map(|(name, grade)| format!("{name}：{grade}")).collect::<Vec<_>>().join("、")
    });
    vec![
        text(seen.round.record.id),
        title(seen),
        text(result.answered_at),
        score.map_or(Cow::Borrowed("判定不能"), |_| yes(result.is_high())),
        Cow::Borrowed(needed),
        said(score.map(|score| score.sums.a)),
        said(score.map(|score| score.sums.b)),
        said(score.map(|score| score.sums.c)),
        said(scales),
    ]
}
