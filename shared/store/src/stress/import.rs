//! Answers on paper, by file: into one round, while it is open, by those who carry it out. A row is one transaction of what a submission on screen writes, and on the condition that the round is
//! still open: nothing comes after what an implementer signs for.

use authz::{ImportKind, ImportRight};
use domain::{
    ids::{ImportId, StressRoundId},
    stress::{
        answers::Answers,
        questionnaire::Questionnaire,
        round::{RoundState, duty_of},
        targets::LeftOut,
    },
};

use super::{
    answers::{AnswersState, Came, Opened},
    confidant::Seen,
    rounds::{self, Round},
};
use crate::{
    Conflict, Error, Registered, Store, Write,
    item::{Attributes, text},
};

/// A round that takes answers on paper.
#[derive(Debug, Clone)]
pub struct StressIntake {
    round: Round,
}

/// How a row stands towards what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StressRow {
    /// Nothing, or a draft of this version: it can be written.
    Free(u64),
    /// The same answers were submitted.
    Same,
    /// Other answers were submitted: an implementer would have to open them again.
    Answered,
    /// This import has written it.
    Ours,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StressPut {
    /// It was written: now, or by an earlier attempt of the same import.
    Written,
    /// The same was there.
    Unchanged,
    /// What is there has changed since the check, or the round was closed.
    Conflict,
}

impl Store {
    /// The questionnaire of a round that takes answers on paper from whoever imports; nothing that is sealed is opened.
    pub async fn stress_intake_asks(&self, right: &ImportRight, round: StressRoundId) -> Result<Questionnaire, Error> {
        let stored = self.load::<rounds::Record>(&rounds::key(right.tenant(), round)).await?.ok_or(Error::NotFound)?;
        takes(right, &stored.record)?;
        Ok(stored.record.questionnaire)
    }

    /// The round that an import is into: it is open, and whoever imports carries it out and has pledged secrecy.
    pub async fn stress_intake(&self, right: &ImportRight, round: StressRoundId) -> Result<StressIntake, Error> {
        let round = self.load_round(right.tenant(), round).await?;
        takes(right, &round.record)?;
        Ok(StressIntake { round })
    }

    /// Why the round does not ask somebody; none where it does. Nothing is read: what is sealed of them was opened.
    #[must_use]
    pub fn stress_left_out(&self, intake: &StressIntake, known: &Registered) -> Option<LeftOut> {
        let (rule, employee) = (&intake.round.plan.targets, &known.employee.record);
        rule.left_out(&self.candidate(rule, employee, Some(&known.attributes)))
    }

    /// How rows stand towards what the people whom they are about have answered, in their order; one read for all.
    pub async fn stress_rows(
        &self,
        right: &ImportRight,
        intake: &StressIntake,
        import: ImportId,
        rows: &[(&Registered, &Answers)],
    ) -> Result<Vec<StressRow>, Error> {
        let seen = rows.iter().map(|(known, _)| self.for_import(right, intake, known));
        let seen = seen.collect::<Result<Vec<Seen>, Error>>()?;
        let before = self.answers_of_many(&seen).await?;
        let rows = rows.iter().zip(&before);
        Ok(rows.map(|((_, answers), before)| standing(before.as_ref(), import, answers)).collect())
    }

    /// Writes a row, if what it was checked against still stands.
    pub async fn put_stress_row(
        &self,
        right: &ImportRight,
        intake: &StressIntake,
        import: ImportId,
        known: &Registered,
        answers: Answers,
        version: u64,
    ) -> Result<StressPut, Error> {
        let seen = self.for_import(right, intake, known)?;
        let before = self.answers_or_none(&seen).await?;
        match standing(before.as_ref(), import, &answers) {
            StressRow::Free(now) if now == version => {}
            StressRow::Same => return Ok(StressPut::Unchanged),
            StressRow::Ours => return Ok(StressPut::Written),
            StressRow::Free(_) | StressRow::Answered => return Ok(StressPut::Conflict),
        }
        let mut write = Write::new();
        let open = Attributes::from([(":opened".to_owned(), text(RoundState::Opened.name()))]);
        let round = rounds::key(right.tenant(), intake.round.record.id);
        write.check(self, round, "round_state = :opened", open, || Conflict::WrongState.into())?;
        self.submit_for(&mut write, &seen, before, answers, Came::by_file(import)).await?;
        match self.commit_rows(right, write).await {
            Ok(()) => Ok(StressPut::Written),
            Err(Error::Stale | Error::Conflict(_)) => Ok(StressPut::Conflict),
            Err(error) => Err(error),
        }
    }

    /// Somebody's part in the round, for a file that its clerk brings.
    fn for_import(&self, right: &ImportRight, intake: &StressIntake, known: &Registered) -> Result<Seen, Error> {
        let employee = known.employee.record.clone();
        if !right.reach().covers(&employee.placement(self.today())) {
            return Err(Error::NotFound);
        }
        Ok(Seen::of_intake(right, intake.round.clone(), employee))
    }
}

/// Whether a round is open, and whoever imports carries it out and has pledged secrecy.
fn takes(right: &ImportRight, round: &rounds::Record) -> Result<(), Error> {
    let who = right.actor().account().ok_or(Error::NotFound)?;
    let trusted = right.kind() == ImportKind::StressAnswers && duty_of(&round.appointments, who).is_some();
    match (trusted, round.state) {
        (false, _) => Err(Error::NotFound),
        (true, RoundState::Opened) => Ok(()),
        (true, _) => Err(Conflict::WrongState.into()),
    }
}

/// How a row stands towards what is there.
fn standing(before: Option<&Opened>, import: ImportId, answers: &Answers) -> StressRow {
    match before {
        None => StressRow::Free(0),
        Some(before) if before.record.state == AnswersState::Draft => StressRow::Free(before.version),
        Some(before) if before.answers == *answers && before.record.imported_by == Some(import) => StressRow::Ours,
        Some(before) if before.answers == *answers => StressRow::Same,
        Some(_) => StressRow::Answered,
    }
}
