//! Checkups of an import that is undone: each gets a version more, which says what was there before the file came, or that the checkup is void where nothing was. What a row
//! replaced lies in its history, so that nothing more need be kept.

use authz::ImportRight;
use domain::{checkup::change::ChangeReason, ids::ImportId};

use super::{
    CheckupContent, CheckupSealer, Record, RegisteredCheckup, history,
    import::{How, SealedCheckup},
    key,
};
use crate::{
    Error, Store, Write, attachments, follow_ups,
    imports::{UndoStep, Wrote},
    item::{Attributes, Stored, as_text, text},
    work_fitness,
};

impl Record {
    /// Whether an undo took it away.
    pub(super) fn is_taken_back(&self) -> bool {
        !self.stands() && self.reason == ChangeReason::Undo
    }
}

impl Store {
    /// What is to be done about a row about a checkup that is undone.
    pub async fn checkup_undone(
        &self,
        right: &ImportRight,
        sealer: &CheckupSealer,
        import: ImportId,
        wrote: &Wrote,
    ) -> Result<UndoStep, Error> {
        let (tenant, employee) = (right.tenant(), wrote.employee);
        let Some(id) = wrote.checkup else { return Ok(UndoStep::Touched) };
        // Rows about people beyond reach are rows about nobody.
        let placed = self.placements_now(tenant, [employee]).await?.remove(&employee);
        if !placed.is_some_and(|placement| right.reach().covers(&placement)) {
            return Ok(UndoStep::Touched);
        }
        let key = key(tenant, employee, id);
        let item = self.db.get(&key).await?;
        let Some(there) = self.open_checkups(tenant, item.into_iter().collect()).await?.pop() else {
            return Ok(UndoStep::Touched);
        };
        let RegisteredCheckup { record, version, .. } = &there;
        if *version > wrote.version && record.reason == ChangeReason::Undo && record.imported_by == Some(import) {
            return Ok(UndoStep::Done);
        }
        if *version != wrote.version || self.rests_on(right, record).await? {
            return Ok(UndoStep::Touched);
        }
        let (content, how) = if wrote.version == 1 {
            (content(&there), How { void: true, parent: record.parent, ..undone(import) })
        } else {
            let before = history::key(tenant, employee, id, wrote.version - 1);
            let Some(stored) = self.load::<Record>(&before).await? else { return Ok(UndoStep::Touched) };
            let Some(before) = self.open_versions(tenant, vec![(before, stored)]).await?.pop() else {
                return Ok(UndoStep::Touched);
            };
            let (parent, cause, void) = (before.record.parent, before.record.cause, !before.record.stands());
            let note = before.note.clone().filter(|_| void);
            let how = How { parent, void, cause: cause.filter(|_| void), note, ..undone(import) };
            (content(&before), how)
        };
        let sealed: SealedCheckup = sealer.version(&content, Some(&there), &how, self.clock.now())?;
        let mut write = Write::new();
        self.write_version(&mut write, sealed, || Error::Stale)?;
        for beside in [work_fitness::key(tenant, employee, id), follow_ups::key(tenant, employee, id)] {
            let values = Attributes::from([(":at".to_owned(), text(record.updated_at.to_string()))]);
            let untouched = "attribute_not_exists(pk) OR updated_at <= :at";
            write.check(self, beside, untouched, values, || Error::Stale)?;
        }
        Ok(UndoStep::Write(write))
    }

    /// Whether anybody did something on the ground of what a checkup says now: an opinion, a recommendation, a second examination.
    async fn rests_on(&self, right: &ImportRight, checkup: &Record) -> Result<bool, Error> {
        let (tenant, employee) = (right.tenant(), checkup.employee);
        let beside = [work_fitness::key(tenant, employee, checkup.id), follow_ups::key(tenant, employee, checkup.id)];
        let written = checkup.updated_at.to_string();
        for item in self.db.batch_get(&beside).await?.into_iter().flatten() {
            if as_text(&item, "updated_at").is_none_or(|at| at > written.as_str()) {
                return Ok(true);
            }
        }
        let attached = self.db.query_all(attachments::range_of(tenant, employee, checkup.id)).await?;
        if attached.iter().any(|item| as_text(item, "updated_at").is_some_and(|at| at > written.as_str())) {
            return Ok(true);
        }
        let others = self.checkup_records(tenant, employee).await?;
        Ok(others.iter().any(|Stored { record, .. }| record.stands() && record.parent == Some(checkup.id)))
    }
}

fn undone(import: ImportId) -> How {
    How { import: Some(import), ..How::because(ChangeReason::Undo) }
}

fn content(RegisteredCheckup { record, health, .. }: &RegisteredCheckup) -> CheckupContent {
    CheckupContent {
        employee: record.employee,
        examined_on: record.examined_on,
        kind: record.kind,
        health: health.clone(),
    }
}
