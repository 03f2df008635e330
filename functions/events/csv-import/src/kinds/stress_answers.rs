//! Answers of stress checks on paper: one row is one person's answers in the import's round. A row that says who it is about must be about that person: to write one person's answers to another
//! is the worst that an import can do.

use std::collections::HashMap;

use authz::ImportRight;
use domain::{
    ids::ImportId,
    intake::{
        Fault, FaultCode,
        stress_answers::{Layout, Role, StressAnswersRow},
    },
    text::fold_for_search,
};
use store::{Error, Import, Outlook, Person, Registered, Store, StressIntake, StressPut, StressRow};

use super::{Applied, Foreseen, Held, Planned, Row, people, registered};

/// The round that rows are into.
#[derive(Debug)]
pub(super) struct Register {
    /// None where it takes no answers, or whoever imports does not carry it out.
    intake: Option<StressIntake>,
    import: ImportId,
    /// Whom rows that are about to be written are about, by the rows' numbers.
    known: HashMap<u64, Registered>,
}

impl Register {
    pub(super) async fn open(store: &Store, right: &ImportRight, import: &Import) -> Result<Self, Error> {
        let (round, _) =
            import.options.stress_round.ok_or_else(|| Error::Internal("answers without a round".to_owned()))?;
        let intake = match store.stress_intake(right, round).await {
            Ok(intake) => Some(intake),
            Err(Error::NotFound | Error::Conflict(_)) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { intake, import: import.id, known: HashMap::new() })
    }

    pub(super) async fn check(
        &self,
        store: &Store,
        right: &ImportRight,
        layout: &Layout,
        rows: &[(u64, &Row)],
    ) -> Result<Vec<Held>, Error> {
        let rows: Vec<&StressAnswersRow> = rows.iter().filter_map(|(_, row)| of(row)).collect();
        let known = registered(store, right, rows.iter().map(|row| &row.number)).await?;
        let says_a_name = |row: &StressAnswersRow| row.name.is_some() || row.kana.is_some();
        let named = rows.iter().zip(&known).map(|(row, known)| known.as_ref().filter(|_| says_a_name(row)));
        let people = people(store, right, named).await?;
        let Some(intake) = &self.intake else {
            let closed = || Held { faults: vec![Fault::new(FaultCode::RoundNotOpen)], ..Held::default() };
            return Ok(rows.iter().map(|_| closed()).collect());
        };
        let asked: Vec<_> =
            rows.iter().zip(&known).filter_map(|(row, known)| Some((known.as_ref()?, &row.answers))).collect();
        let mut standing = store.stress_rows(right, intake, self.import, &asked).await?.into_iter();
        let held = rows.iter().zip(&known).zip(&people).map(|((row, known), person)| {
            let known = known.as_ref().and_then(|known| Some((known, standing.next()?)));
            let Some((known, standing)) = known else {
                let unknown = layout.columns().fault(FaultCode::UnknownEmployee, Role::Number);
                return Held { faults: vec![unknown.showing(row.number.as_str())], ..Held::default() };
            };
            let left_out = store.stress_left_out(intake, known).is_some();
            hold(layout, row, (known, person.as_ref()), standing, left_out)
        });
        Ok(held.collect())
    }

    /// Looks up whom the rows are about.
    pub(super) async fn prepare(
        &mut self,
        store: &Store,
        right: &ImportRight,
        planned: &[Planned],
    ) -> Result<(), Error> {
        let rows: Vec<_> = planned.iter().filter_map(|it| Some((it.number, of(&it.row)?))).collect();
        let found = registered(store, right, rows.iter().map(|(_, row)| &row.number)).await?;
        let known = rows.iter().zip(found).filter_map(|((number, _), known)| Some((*number, known?)));
        self.known = known.collect();
        Ok(())
    }

    pub(super) async fn apply(
        &self,
        store: &Store,
        right: &ImportRight,
        group: Vec<Planned>,
    ) -> Result<Vec<(u64, Applied)>, Error> {
        let mut applied = Vec::with_capacity(group.len());
        for Planned { number, row, version, .. } in group {
            let Row::StressAnswers(row) = row else { continue };
            // Somebody who was there at the check and is not any more, or is beyond reach now.
            let (Some(known), Some(intake)) = (self.known.get(&number), &self.intake) else {
                applied.push((number, Applied::CHANGED));
                continue;
            };
            let put = store.put_stress_row(right, intake, self.import, known, row.answers, version).await?;
            let what = match put {
                StressPut::Written => Applied::Written(known.employee.record.id.to_string(), None),
                StressPut::Unchanged => Applied::Unchanged,
                StressPut::Conflict => Applied::CHANGED,
            };
            applied.push((number, what));
        }
        Ok(applied)
    }
}

/// What to say of a row about somebody who is known.
fn hold(
    layout: &Layout,
    row: &StressAnswersRow,
    (known, person): (&Registered, Option<&Person>),
    standing: StressRow,
    left_out: bool,
) -> Held {
    let mut faults = contradictions(layout, row, known, person);
    let mut at_number = |code| faults.push(layout.columns().fault(code, Role::Number));
    let (version, outlook) = match standing {
        StressRow::Free(version) => (version, Outlook::New),
        StressRow::Same | StressRow::Ours => (0, Outlook::Unchanged),
        StressRow::Answered => {
            at_number(FaultCode::AlreadyAnswered);
            (0, Outlook::Changed)
        }
    };
    if left_out {
        at_number(FaultCode::NotAsked);
    }
    let foreseen = Some(Foreseen { outlook, letters: Vec::new() });
    Held { version, faults, foreseen, ..Held::default() }
}

/// What the row says of whom it is about and the register does not. Spellings of one name are forgiven, because the number has said who it is.
fn contradictions(layout: &Layout, row: &StressAnswersRow, known: &Registered, person: Option<&Person>) -> Vec<Fault> {
    let differs = |text: &str, registered: &str| fold_for_search(text) != fold_for_search(registered);
    let name = row.name.as_ref().zip(person).is_some_and(|(name, known)| differs(name.as_str(), known.name.as_str()));
    let kana = row.kana.as_ref().zip(person).is_some_and(|(kana, known)| differs(kana.as_str(), known.kana.as_str()));
    let born = row.birth_date.is_some_and(|date| date != known.attributes.birth_date);
    let found = [
        (name, FaultCode::NameContradicts, Role::Name),
        (kana, FaultCode::KanaContradicts, Role::Kana),
        (born, FaultCode::BirthDateContradicts, Role::BirthDate),
    ];
    let found = found.into_iter().filter(|(wrong, ..)| *wrong);
    found.map(|(_, code, role)| layout.columns().fault(code, role)).collect()
}

fn of(row: &Row) -> Option<&StressAnswersRow> {
    if let Row::StressAnswers(row) = row { Some(row) } else { None }
}
