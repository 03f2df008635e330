//! Checkups by file: one row is one checkup of one employee, who is found by number, or else by kana, birth date and sex, and
//! must be the person that the row says.

use std::collections::HashMap;

use authz::ImportRight;
use domain::{
    checkup::Subject,
    ids::{CheckupId, EmployeeId, ImportId},
    intake::{
        Fault, FaultCode, Severity,
        checkups::{CheckupRow, Identity, Layout, Role},
    },
    text::fold_for_search,
    time::Jst,
};
use store::{
    Against, Candidate, CheckupContent, CheckupHealth, CheckupPut, CheckupSealer, CheckupStep, CriteriaBook,
    DiscrepancyCause, Error, Import, KnownPerson, LetterMove, Likeness, NewDiscrepancy, Outlook, PastCheckup, Person,
    Registered, RegisteredCheckup, RowSays, Store, Wrote,
};

use super::{Applied, Foreseen, Held, LOOKED_UP, Planned, Row, Waiting, people, registered, registered_by_id};

/// What checkups are judged by and sealed with, and what rows that are about to be written rest upon.
#[derive(Debug)]
pub(super) struct Register {
    sealer: CheckupSealer,
    criteria: CriteriaBook,
    /// The fiscal year that the uploader said the file is of.
    fiscal_year: Option<i16>,
    /// Rows with an unknown number wait for a person instead of being refused.
    queues_unknown: bool,
    /// A dry run: what would become of each row is foreseen.
    foresees: bool,
    import: ImportId,
    /// Everybody in reach, once a row has asked for it.
    everybody: Option<Vec<KnownPerson>>,
    /// Whom rows that are about to be written are about, by the rows' numbers.
    known: HashMap<u64, Registered>,
    there: HashMap<CheckupId, RegisteredCheckup>,
}

/// The most people who are suggested for a row.
const MOST_CANDIDATES: usize = 5;

/// Whom a row is about.
enum Whom {
    /// This employee.
    Known(Box<Registered>),
    /// That cannot be told, and why.
    Unclear(DiscrepancyCause),
}

impl Whom {
    fn known(&self) -> Option<&Registered> {
        if let Self::Known(known) = self { Some(known) } else { None }
    }
}

impl Register {
    pub(super) async fn open(store: &Store, right: &ImportRight, import: &Import) -> Result<Self, Error> {
        Ok(Self {
            sealer: store.checkup_sealer(right).await?,
            criteria: store.criteria_for_import(right).await?,
            fiscal_year: import.options.fiscal_year,
            queues_unknown: import.options.queue_unmatched,
            foresees: import.options.dry_run,
            import: import.id,
            everybody: None,
            known: HashMap::new(),
            there: HashMap::new(),
        })
    }

    pub(super) async fn check(
        &mut self,
        store: &Store,
        right: &ImportRight,
        layout: &Layout,
        rows: &[(u64, &Row)],
    ) -> Result<Vec<Held>, Error> {
        let rows: Vec<&CheckupRow> = rows.iter().filter_map(|(_, row)| of(row)).collect();
        let found = self.find(store, right, &rows).await?;
        let employees: Vec<Option<&Registered>> = found.iter().map(Whom::known).collect();
        let named = rows.iter().zip(&employees).map(|(row, known)| known.filter(|_| says_a_name(row)));
        let people = people(store, right, named).await?;
        let mut held: Vec<Held> = rows
            .iter()
            .zip(&found)
            .zip(&people)
            .map(|((row, whom), person)| self.held(layout, row, whom, person.as_ref()))
            .collect();
        let good = || rows.iter().zip(&employees).zip(&held).enumerate().filter(|(_, (_, held))| !held.is_refused());
        let mut at = Vec::with_capacity(rows.len());
        let mut ids = Vec::with_capacity(rows.len());
        for (index, ((row, known), _)) in good() {
            let Some(known) = known else { continue };
            at.push(index);
            ids.push(self.id(row, known)?);
        }
        if self.foresees {
            let whose: Vec<EmployeeId> = ids.iter().map(|(employee, _)| *employee).collect();
            let pasts = store.past_checkups(right, &whose).await?;
            let now = store.clock().now();
            for ((index, (_, id)), past) in at.into_iter().zip(&ids).zip(&pasts) {
                let there = past.iter().find(|past| past.id == *id);
                held[index].version = there.map_or(0, |there| there.registered.version);
                if let Some(known) = employees[index] {
                    held[index].foreseen = Some(self.foresee(rows[index], known, past, there, now)?);
                }
            }
            return Ok(held);
        }
        for (index, version) in at.into_iter().zip(store.checkup_versions(right, &ids).await?) {
            held[index].version = version;
        }
        Ok(held)
    }

    /// What would become of a row, and of the overall letter against what is registered and against the year before.
    fn foresee(
        &self,
        row: &CheckupRow,
        known: &Registered,
        past: &[PastCheckup],
        there: Option<&PastCheckup>,
        now: Jst,
    ) -> Result<Foreseen, Error> {
        let Some(subject) = subject(row, known) else {
            return Ok(Foreseen { outlook: Outlook::New, letters: Vec::new() });
        };
        let registered = there.map(|there| &there.registered);
        let before = registered.and_then(RegisteredCheckup::standing).cloned();
        let (content, _) =
            CheckupContent::of_row(row.clone(), known.employee.record.id, subject, self.criteria.on(row.date), before);
        let planned = registered.map_or(0, |registered| registered.version);
        let step = self.sealer.step(&content, planned, registered, self.import, now)?;
        let outlook = match (registered, step) {
            (None, _) => Outlook::New,
            (Some(_), CheckupStep::Done(CheckupPut::Unchanged)) => Outlook::Unchanged,
            (Some(_), _) => Outlook::Changed,
        };
        let letter = |health: &CheckupHealth| health.results.judgement.summary().overall;
        let to = letter(&content.health);
        let year = self.sealer.fiscal_year(row.date) - 1;
        let year_before = past.iter().filter(|it| it.fiscal_year == year && it.kind == row.kind);
        let year_before = year_before.max_by_key(|it| it.examined_on);
        let compared = [(Against::Registered, there), (Against::YearBefore, year_before)];
        let letters = compared.into_iter().filter_map(|(against, other)| {
            Some(LetterMove { against, from: letter(other?.registered.standing()?), to })
        });
        Ok(Foreseen { outlook, letters: letters.collect() })
    }

    /// Whom rows are about: by number, or else by kana, birth date and sex, if they are one person's.
    async fn find(&mut self, store: &Store, right: &ImportRight, rows: &[&CheckupRow]) -> Result<Vec<Whom>, Error> {
        let numbers = rows.iter().filter_map(|row| row.employee_number.as_ref());
        let mut by_number = registered(store, right, numbers).await?.into_iter();
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            found.push(if row.employee_number.is_some() {
                let known = by_number.next().flatten().map(Box::new);
                known.map_or(Whom::Unclear(DiscrepancyCause::UnknownNumber), Whom::Known)
            } else {
                self.find_by_kana(store, right, &row.identity).await?
            });
        }
        Ok(found)
    }

    async fn find_by_kana(&mut self, store: &Store, right: &ImportRight, identity: &Identity) -> Result<Whom, Error> {
        let kana = identity.kana.as_ref().map(|kana| fold_for_search(kana.as_str()));
        let everybody = self.everybody(store, right).await?;
        let same: Vec<EmployeeId> =
            everybody.iter().filter(|person| Some(&person.kana) == kana.as_ref()).map(|person| person.id).collect();
        let mut fitting: Vec<Registered> = registered_by_id(store, right, &same)
            .await?
            .into_iter()
            .flatten()
            .filter(|known| {
                Some(known.attributes.birth_date) == identity.birth_date && Some(known.attributes.sex) == identity.sex
            })
            .collect();
        Ok(match (fitting.pop(), fitting.is_empty()) {
            (Some(one), true) => Whom::Known(Box::new(one)),
            (Some(_), false) => Whom::Unclear(DiscrepancyCause::FitsSeveral),
            (None, _) => Whom::Unclear(DiscrepancyCause::FitsNobody),
        })
    }

    async fn everybody(&mut self, store: &Store, right: &ImportRight) -> Result<&[KnownPerson], Error> {
        if self.everybody.is_none() {
            self.everybody = Some(store.known_people(right).await?);
        }
        Ok(self.everybody.as_deref().unwrap_or_default())
    }

    fn held(&self, layout: &Layout, row: &CheckupRow, whom: &Whom, person: Option<&Person>) -> Held {
        let fault = |code, role| layout.columns().fault(code, role);
        match whom {
            Whom::Known(known) => Held {
                employee: row.employee_number.is_none().then_some(known.employee.record.id),
                faults: self.hold(layout, row, known, person),
                ..Held::default()
            },
            Whom::Unclear(DiscrepancyCause::UnknownNumber) if !self.queues_unknown => {
                let number = row.employee_number.as_ref().map_or("", |number| number.as_str());
                Held {
                    faults: vec![fault(FaultCode::UnknownEmployee, Role::Number).showing(number)],
                    ..Held::default()
                }
            }
            Whom::Unclear(cause) => {
                let role = if row.employee_number.is_some() { Role::Number } else { Role::Kana };
                let faults = vec![fault(FaultCode::WaitsForMatching, role)];
                Held { faults, waits: Some(*cause), ..Held::default() }
            }
        }
    }

    /// Whether the row is about the person whom its number says, on a day on which it can be; and what a judgement of it alone points out.
    fn hold(&self, layout: &Layout, row: &CheckupRow, known: &Registered, person: Option<&Person>) -> Vec<Fault> {
        let fault = |code, role| layout.columns().fault(code, role);
        let Identity { name, kana, birth_date, sex, age } = &row.identity;
        let (employee, attributes) = (&known.employee.record, &known.attributes);
        let subject = subject(row, known);
        // Another birth date, sex or name is another person: to write one person's values to another's is the worst that an import can do. Spellings of
        // one name are forgiven, because the number has said who it is.
        let differs = |text: &str, registered: &str| fold_for_search(text) != fold_for_search(registered);
        let contradictions = [
            (
                birth_date.is_some_and(|date| date != attributes.birth_date),
                FaultCode::BirthDateContradicts,
                Role::BirthDate,
            ),
            (sex.is_some_and(|sex| sex != attributes.sex), FaultCode::SexContradicts, Role::Sex),
            (
                name.as_ref().zip(person).is_some_and(|(name, known)| differs(name.as_str(), known.name.as_str())),
                FaultCode::NameContradicts,
                Role::Name,
            ),
            (
                kana.as_ref().zip(person).is_some_and(|(kana, known)| differs(kana.as_str(), known.kana.as_str())),
                FaultCode::KanaContradicts,
                Role::Kana,
            ),
            (
                age.is_some_and(|age| subject.is_none_or(|subject| subject.age != age)),
                FaultCode::AgeContradicts,
                Role::Age,
            ),
            (subject.is_none(), FaultCode::DateInvalid, Role::Date),
            (employee.left_on.is_some_and(|left| row.date > left), FaultCode::RetiredEmployee, Role::Date),
            (row.date < employee.hired_on, FaultCode::CheckupBeforeHire, Role::Date),
            (
                self.fiscal_year.is_some_and(|year| self.sealer.fiscal_year(row.date) != year),
                FaultCode::DateOutsideFiscalYear,
                Role::Date,
            ),
        ];
        let mut faults: Vec<Fault> =
            contradictions.into_iter().filter(|(wrong, ..)| *wrong).map(|(_, code, role)| fault(code, role)).collect();
        if let Some(subject) = subject {
            let (_, differing) =
                CheckupContent::of_row(row.clone(), employee.id, subject, self.criteria.on(row.date), None);
            faults.extend(layout.differing(&differing));
        }
        faults
    }

    /// Looks up whom the rows are about, and the checkups that they change.
    pub(super) async fn prepare(
        &mut self,
        store: &Store,
        right: &ImportRight,
        planned: &[Planned],
    ) -> Result<(), Error> {
        let numbered = |planned: &Planned| {
            let number = of(&planned.row)?.employee_number.clone()?;
            planned.employee.is_none().then_some((planned.number, number))
        };
        let numbers: Vec<_> = planned.iter().filter_map(numbered).collect();
        let by_number = registered(store, right, numbers.iter().map(|(_, number)| number)).await?;
        let given: Vec<_> = planned.iter().filter_map(|it| Some((it.number, it.employee?))).collect();
        let ids: Vec<EmployeeId> = given.iter().map(|(_, id)| *id).collect();
        let by_id = registered_by_id(store, right, &ids).await?;
        let rows = numbers.iter().map(|(row, _)| *row).chain(given.iter().map(|(row, _)| *row));
        let known = rows.zip(by_number.into_iter().chain(by_id));
        self.known = known.filter_map(|(row, known)| Some((row, known?))).collect();
        let mut ids = Vec::new();
        for Planned { number, row, version, .. } in planned {
            if let (Some(row), 1..) = (of(row), *version)
                && let Some(known) = self.known.get(number)
            {
                ids.push(self.id(row, known)?);
            }
        }
        let there = store.registered_checkups(right, &ids).await?;
        self.there = ids.iter().map(|(_, id)| *id).zip(there).filter_map(|(id, there)| Some((id, there?))).collect();
        Ok(())
    }

    /// Gives a row that waited to an employee. What the row says of whom it is about must not contradict who that is; its number alone may.
    pub(super) async fn apply_to(
        &mut self,
        store: &Store,
        right: &ImportRight,
        layout: &Layout,
        import: &Import,
        (number, row): (u64, CheckupRow),
        employee: EmployeeId,
    ) -> Result<Applied, Error> {
        let known = registered_by_id(store, right, &[employee]).await?.into_iter().next().flatten();
        let Some(known) = known else { return Ok(Applied::Conflict(FaultCode::UnknownEmployee)) };
        let person = people(store, right, std::iter::once(Some(&known).filter(|_| says_a_name(&row))))
            .await?
            .into_iter()
            .next()
            .flatten();
        let faults = self.hold(layout, &row, &known, person.as_ref());
        if let Some(fault) = faults.iter().find(|fault| fault.code.severity() == Severity::Error) {
            return Ok(Applied::Conflict(fault.code));
        }
        let id = self.id(&row, &known)?;
        let version = store.checkup_versions(right, &[id]).await?.first().copied().unwrap_or(0);
        let planned = Planned { number, row: Row::Checkup(Box::new(row)), version, employee: Some(employee) };
        self.prepare(store, right, std::slice::from_ref(&planned)).await?;
        let applied = self.apply(store, right, import, vec![planned]).await?;
        Ok(applied.into_iter().next().map_or(Applied::CHANGED, |(_, applied)| applied))
    }

    /// Keeps rows that are nobody's yet, each with who could be meant. Their ids.
    pub(super) async fn keep_waiting(
        &mut self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        waiting: Vec<Waiting>,
    ) -> Result<Vec<String>, Error> {
        let mut kept = Vec::with_capacity(waiting.len());
        for Waiting { number, cause, row, cells } in waiting {
            let Row::Checkup(row) = row else { continue };
            let candidates = self.candidates(store, right, &row).await?;
            let CheckupRow { employee_number, identity, date, kind, .. } = *row;
            let Identity { name, kana, birth_date, sex, .. } = identity;
            let said =
                RowSays { number: employee_number, name, kana, birth_date, sex, examined_on: date, kind, candidates };
            let new = NewDiscrepancy { row: number, cause, said, cells };
            kept.push(store.put_discrepancy(right, import, &new).await?.to_string());
        }
        Ok(kept)
    }

    /// Who could be meant, the likeliest first.
    async fn candidates(
        &mut self,
        store: &Store,
        right: &ImportRight,
        row: &CheckupRow,
    ) -> Result<Vec<Candidate>, Error> {
        let Identity { name, kana, birth_date, .. } = &row.identity;
        let digits = row.employee_number.as_ref().map(|number| digits(number.as_str())).filter(|it| !it.is_empty());
        let (name, kana) = (
            name.as_ref().map(|name| fold_for_search(name.as_str())),
            kana.as_ref().map(|kana| fold_for_search(kana.as_str())),
        );
        let likenesses = |person: &KnownPerson| {
            let same = [
                (digits.as_ref() == Some(&digits_of(person)), Likeness::Digits),
                (name.as_ref() == Some(&person.name), Likeness::Name),
                (kana.as_ref() == Some(&person.kana), Likeness::Kana),
            ];
            let likenesses: Vec<_> = same.into_iter().filter(|(same, _)| *same).map(|(_, likeness)| likeness).collect();
            (!likenesses.is_empty()).then_some(Candidate { employee: person.id, likenesses })
        };
        let mut candidates: Vec<Candidate> =
            self.everybody(store, right).await?.iter().filter_map(likenesses).take(LOOKED_UP).collect();
        let ids: Vec<EmployeeId> = candidates.iter().map(|candidate| candidate.employee).collect();
        for (candidate, known) in candidates.iter_mut().zip(registered_by_id(store, right, &ids).await?) {
            if known.is_some_and(|known| Some(known.attributes.birth_date) == *birth_date) {
                candidate.likenesses.push(Likeness::BirthDate);
            }
        }
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.likenesses.len()));
        candidates.truncate(MOST_CANDIDATES);
        Ok(candidates)
    }

    pub(super) async fn apply(
        &self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        group: Vec<Planned>,
    ) -> Result<Vec<(u64, Applied)>, Error> {
        let mut applied = Vec::with_capacity(group.len());
        for Planned { number, row, version, .. } in group {
            let Row::Checkup(row) = row else { continue };
            applied.push((number, self.write(store, right, import, (number, *row), version).await?));
        }
        Ok(applied)
    }

    async fn write(
        &self,
        store: &Store,
        right: &ImportRight,
        import: &Import,
        (number, row): (u64, CheckupRow),
        version: u64,
    ) -> Result<Applied, Error> {
        // Somebody who was there at the check and is not any more, or is beyond reach now.
        let Some(known) = self.known.get(&number) else { return Ok(Applied::CHANGED) };
        let Some(subject) = subject(&row, known) else { return Ok(Applied::CHANGED) };
        let employee = &known.employee.record;
        let (whose, id) = self.id(&row, known)?;
        let there = self.there.get(&id);
        let before = there.and_then(RegisteredCheckup::standing).cloned();
        let criteria = self.criteria.on(row.date);
        let (content, _) = CheckupContent::of_row(row, employee.id, subject, criteria, before);
        let put = match self.sealer.step(&content, version, there, import.id, store.clock().now())? {
            CheckupStep::Put(sealed) => {
                let placement = employee.placement(store.clock().now().date());
                store.put_checkup(right, &placement, *sealed).await?
            }
            CheckupStep::Done(done) => done,
        };
        Ok(match put {
            CheckupPut::Written(version) => {
                let wrote = Wrote { row: number, employee: whose, checkup: Some(id), version };
                Applied::Written(id.to_string(), Some(wrote))
            }
            CheckupPut::Unchanged => Applied::Unchanged,
            CheckupPut::Conflict => Applied::CHANGED,
        })
    }

    fn id(&self, row: &CheckupRow, known: &Registered) -> Result<(EmployeeId, CheckupId), Error> {
        let employee = known.employee.record.id;
        Ok((employee, self.sealer.id(employee, row.date, row.kind)?))
    }
}

/// The digits of a number without leading zeros: what a spreadsheet leaves of it.
fn digits(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').to_owned()
}

fn digits_of(person: &KnownPerson) -> String {
    digits(person.number.as_str())
}

/// Sex and age on the day, as registered; none before birth.
fn subject(row: &CheckupRow, known: &Registered) -> Option<Subject> {
    Some(Subject { sex: known.attributes.sex, age: known.attributes.birth_date.age_on(row.date)? })
}

fn of(row: &Row) -> Option<&CheckupRow> {
    if let Row::Checkup(row) = row { Some(row) } else { None }
}

fn says_a_name(row: &CheckupRow) -> bool {
    row.identity.name.is_some() || row.identity.kana.is_some()
}
