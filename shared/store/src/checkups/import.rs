//! How an import writes checkups: a row that is parsed and judged is sealed without any I/O, by a [`CheckupSealer`] that was opened once for a chunk; and put
//! by one conditional request, so that what changed since the check is left alone and what was written already is not written again. A new checkup is one item;
//! one that takes the place of another version is a transaction of two, for the version before is kept.

use std::{io::Write as _, sync::Arc};

use authz::{Actor, ImportKind, ImportRight, Placement};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    checkup::{
        change::{Cause, ChangeReason, Note},
        kind::CheckupKind,
    },
    ids::{CheckupId, EmployeeId, ImportId, TenantId},
    time::{Jst, fiscal_year},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;
use vault::{Keyring, Lookup, Purpose};

use super::{
    CheckupContent, CheckupHealth, HEALTH, NOTE, Record, RegisteredCheckup, WrittenCheckup, history, key, opined,
};
use crate::{
    Error, Store, Write,
    db::Range,
    item::{Attributes, Sealed, as_number, as_text},
    key::{Family, Key, Table, partition},
};

/// How many people's checkups are read at the same time.
const IN_FLIGHT: usize = 16;

/// Seals checkups of one tenant. No I/O; hold it for a chunk, not longer.
#[derive(Debug, Clone)]
pub struct CheckupSealer {
    keyring: Arc<Keyring>,
    lookup: Lookup,
    fiscal_year_starts: i8,
    /// The account or program that writes.
    by: Option<String>,
}

/// A checkup, ready to be put.
#[derive(Debug)]
pub struct SealedCheckup {
    pub(super) key: Key,
    pub(super) item: Attributes,
    tenant: TenantId,
    import: Option<ImportId>,
    content: String,
    /// The version that it replaces.
    pub(super) replaces: Option<u64>,
    /// Where that version is kept.
    pub(super) kept: Option<(Key, Attributes)>,
    pub(super) written: WrittenCheckup,
}

/// How a version comes about.
#[derive(Debug, Default)]
pub(super) struct How {
    pub(super) reason: ChangeReason,
    pub(super) cause: Option<Cause>,
    pub(super) note: Option<Note>,
    pub(super) import: Option<ImportId>,
    pub(super) parent: Option<CheckupId>,
    pub(super) void: bool,
    /// Its letters are others: an opinion about what it said before is history.
    pub(super) anew: bool,
}

impl How {
    pub(super) fn because(reason: ChangeReason) -> Self {
        Self { reason, ..Self::default() }
    }
}

/// What is to be done with a row.
#[derive(Debug)]
pub enum CheckupStep {
    /// Put this.
    Put(Box<SealedCheckup>),
    /// Nothing more.
    Done(CheckupPut),
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckupPut {
    /// It was written in this version: now, or by an earlier attempt of the same import.
    Written(u64),
    /// The same was there.
    Unchanged,
    /// What is there has changed since the check.
    Conflict,
}

/// A checkup of somebody's past, as a dry run holds a row against it.
#[derive(Debug, Clone)]
pub struct PastCheckup {
    /// Its id.
    pub id: CheckupId,
    /// The day.
    pub examined_on: Date,
    /// The kind.
    pub kind: CheckupKind,
    /// The fiscal year that it is counted in.
    pub fiscal_year: i16,
    /// What a row would be merged into.
    pub registered: RegisteredCheckup,
}

impl From<RegisteredCheckup> for PastCheckup {
    fn from(registered: RegisteredCheckup) -> Self {
        let Record { id, examined_on, kind, fiscal_year, .. } = registered.record;
        Self { id, examined_on, kind, fiscal_year, registered }
    }
}

impl CheckupSealer {
    /// A sealer for the tenant of `keyring`, which is one for [`Purpose::Health`].
    #[must_use]
    pub fn new(keyring: Arc<Keyring>, lookup: Lookup, fiscal_year_starts: i8) -> Self {
        Self { keyring, lookup, fiscal_year_starts, by: None }
    }

    /// The same, for what `actor` writes.
    #[must_use]
    pub fn writing_for(self, actor: &Actor) -> Self {
        Self { by: actor.id(), ..self }
    }

    /// The tenant's fiscal year (年度) that a day belongs to.
    #[must_use]
    pub fn fiscal_year(&self, day: Date) -> i16 {
        fiscal_year(day, self.fiscal_year_starts)
    }

    /// The id of the checkup of this employee, day and kind.
    pub fn id(&self, employee: EmployeeId, examined_on: Date, kind: CheckupKind) -> Result<CheckupId, Error> {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend(employee.as_bytes());
        let day = write!(bytes, "{examined_on}");
        day.map_err(|error| Error::Internal(error.to_string()))?;
        serde_json::to_writer(&mut bytes, &kind)?;
        Ok(CheckupId::from_bytes(self.lookup.mac16("checkup", &bytes)))
    }

    /// Seals what `import` makes of a checkup. `planned` is the version that the row was checked against, 0 for none; `before` is what is there now, which
    /// need not be looked for where nothing was there at the check.
    pub fn step(
        &self,
        content: &CheckupContent,
        planned: u64,
        before: Option<&RegisteredCheckup>,
        import: ImportId,
        now: Jst,
    ) -> Result<CheckupStep, Error> {
        let id = self.id(content.employee, content.examined_on, content.kind)?;
        let mac = self.content_mac(id, &content.health);
        let step = match before {
            None if planned > 0 => CheckupStep::Done(CheckupPut::Conflict),
            Some(before) if before.version != planned => {
                let ours = before.record.imported_by == Some(import) && before.record.content == mac;
                CheckupStep::Done(if ours { CheckupPut::Written(planned + 1) } else { CheckupPut::Conflict })
            }
            // What was declared void stays so, however often it is delivered.
            Some(before) if before.record.content == mac && !before.record.is_taken_back() => {
                let ours = before.record.imported_by == Some(import) && before.record.reason == ChangeReason::Import;
                CheckupStep::Done(if ours { CheckupPut::Written(before.version) } else { CheckupPut::Unchanged })
            }
            _ => {
                let parent = before.and_then(|before| before.record.parent);
                let how = How { import: Some(import), parent, ..How::because(ChangeReason::Import) };
                CheckupStep::Put(Box::new(self.sealed(id, content, mac, before, &how, now)?))
            }
        };
        Ok(step)
    }

    /// The sealed version of `content` that takes the place of `before`.
    pub(super) fn version(
        &self,
        content: &CheckupContent,
        before: Option<&RegisteredCheckup>,
        how: &How,
        now: Jst,
    ) -> Result<SealedCheckup, Error> {
        let id = self.id(content.employee, content.examined_on, content.kind)?;
        self.sealed(id, content, self.content_mac(id, &content.health), before, how, now)
    }

    /// The keyed hash of a content: nobody can tell from it that two checkups say the same.
    fn content_mac(&self, id: CheckupId, health: &CheckupHealth) -> String {
        let mut bytes = health.canonical();
        bytes.extend(id.as_bytes());
        URL_SAFE_NO_PAD.encode(self.lookup.mac16("checkup-content", &bytes))
    }

    fn sealed(
        &self,
        id: CheckupId,
        content: &CheckupContent,
        mac: String,
        before: Option<&RegisteredCheckup>,
        how: &How,
        now: Jst,
    ) -> Result<SealedCheckup, Error> {
        let CheckupContent { employee, examined_on, kind, health } = content;
        let (tenant, employee) = (self.keyring.tenant(), *employee);
        let key = key(tenant, employee, id);
        let entity = key.entity();
        let seal = |attribute, plain: &[u8]| {
            Ok::<_, Error>(Sealed(self.keyring.seal(&crate::place(tenant, &key, &entity, attribute), plain)?))
        };
        let note = how.note.as_ref().map(|note| seal(NOTE, &crate::plain_json(note)?));
        let fiscal_year = self.fiscal_year(*examined_on);
        let record = Record {
            id,
            employee,
            examined_on: *examined_on,
            kind: *kind,
            fiscal_year,
            content: mac.clone(),
            health: seal(HEALTH, &crate::plain_json(health)?)?,
            opined: before.and_then(|before| before.record.opined.clone()).filter(|_| !how.anew),
            // Whose checkup it was first stays known: an undone or corrected one still came from its file.
            imported_by: how.import.or_else(|| before.and_then(|before| before.record.imported_by)),
            reason: how.reason,
            cause: how.cause,
            note: note.transpose()?,
            written_by: self.by.clone(),
            parent: how.parent,
            voided_at: how.void.then_some(now),
            created_at: before.map_or(now, |before| before.record.created_at),
            updated_at: now,
        };
        let replaces = before.map(|before| before.version);
        let version = replaces.unwrap_or(0) + 1;
        let item = opined::item(tenant, &record, version)?;
        let kept = before.map(|before| history::kept(&self.keyring, before)).transpose()?;
        let written = WrittenCheckup::of(&record, version);
        Ok(SealedCheckup { key, item, tenant, import: how.import, content: mac, replaces, kept, written })
    }
}

impl Store {
    /// What seals the checkups that `right` brings in.
    pub async fn checkup_sealer(&self, right: &ImportRight) -> Result<CheckupSealer, Error> {
        self.sealer(right.tenant(), right.actor()).await
    }

    /// What seals the checkups that `actor` writes.
    pub(super) async fn sealer(&self, tenant: TenantId, actor: &Actor) -> Result<CheckupSealer, Error> {
        let settings = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record;
        let keyring = Box::pin(self.vault.keyring(tenant, Purpose::Health)).await?;
        let sealer = CheckupSealer::new(keyring, self.lookup(tenant).await?, settings.fiscal_year_starts);
        Ok(sealer.writing_for(actor))
    }

    /// The versions of checkups, in the order of `ids`; 0 for what is not there. Reads nothing of what is sealed.
    pub async fn checkup_versions(
        &self,
        right: &ImportRight,
        ids: &[(EmployeeId, CheckupId)],
    ) -> Result<Vec<u64>, Error> {
        let found = self.checkup_items(right, ids, Some("version")).await?;
        Ok(found.into_iter().map(|item| item.and_then(|item| as_number(&item, "version")).unwrap_or(0)).collect())
    }

    /// Checkups that are there already, in the order of `ids`: what rows are merged into.
    pub async fn registered_checkups(
        &self,
        right: &ImportRight,
        ids: &[(EmployeeId, CheckupId)],
    ) -> Result<Vec<Option<RegisteredCheckup>>, Error> {
        let items = self.checkup_items(right, ids, None).await?.into_iter().flatten().collect();
        let mut found: std::collections::HashMap<CheckupId, RegisteredCheckup> = self
            .open_checkups(right.tenant(), items)
            .await?
            .into_iter()
            .map(|opened| (opened.record.id, opened))
            .collect();
        Ok(ids.iter().map(|(_, id)| found.remove(id)).collect())
    }

    /// The checkups of people, in the order of `employees`, as a dry run holds rows against them.
    pub async fn past_checkups(
        &self,
        right: &ImportRight,
        employees: &[EmployeeId],
    ) -> Result<Vec<Vec<PastCheckup>>, Error> {
        if right.kind() != ImportKind::Checkups {
            return Err(Error::NotFound);
        }
        let of = |employee: EmployeeId| async move {
            let of_employee = partition(right.tenant(), Family::Checkup, employee);
            let mut items = self
                .db
                .query_all(Range::whole(Table::Records, Family::Checkup, of_employee).starting_with("chk_"))
                .await?;
            items.retain(|item| as_text(item, "sk").is_some_and(|sk| sk.parse::<CheckupId>().is_ok()));
            let opened = self.open_checkups(right.tenant(), items).await?;
            let standing = opened.into_iter().filter(|opened| opened.record.stands());
            Ok::<_, Error>(standing.map(PastCheckup::from).collect())
        };
        stream::iter(employees.iter().copied()).map(of).buffered(IN_FLIGHT).try_collect().await
    }

    async fn checkup_items(
        &self,
        right: &ImportRight,
        ids: &[(EmployeeId, CheckupId)],
        attribute: Option<&'static str>,
    ) -> Result<Vec<Option<Attributes>>, Error> {
        if right.kind() != ImportKind::Checkups {
            return Err(Error::NotFound);
        }
        let keys: Vec<Key> = ids.iter().map(|(employee, id)| key(right.tenant(), *employee, *id)).collect();
        self.db.batch_get_part(&keys, attribute).await
    }

    /// Puts a checkup of somebody at `placement`, if what it was checked against still stands. The event of a chunk of rows is the importer's.
    pub async fn put_checkup(
        &self,
        right: &ImportRight,
        placement: &Placement,
        sealed: SealedCheckup,
    ) -> Result<CheckupPut, Error> {
        let allowed = right.kind() == ImportKind::Checkups
            && right.tenant() == sealed.tenant
            && placement.employee == sealed.written.employee
            && right.reach().covers(placement);
        if !allowed {
            return Err(Error::NotFound);
        }
        let (key, content, import) = (sealed.key.clone(), sealed.content.clone(), sealed.import);
        let written = CheckupPut::Written(sealed.written.version);
        if self.put_version(sealed).await? {
            return Ok(written);
        }
        let there = self.load::<Record>(&key).await?;
        Ok(match there.map(|stored| stored.record) {
            // An attempt that was cut short had come this far.
            Some(there) if there.content == content && there.imported_by == import => written,
            Some(there) if there.content == content => CheckupPut::Unchanged,
            _ => CheckupPut::Conflict,
        })
    }

    /// Puts a version where the one that it was made from still stands; whether it did.
    pub(super) async fn put_version(&self, sealed: SealedCheckup) -> Result<bool, Error> {
        if sealed.kept.is_none() {
            return self.db.put_if(&sealed.key, sealed.item, sealed.replaces).await;
        }
        let mut write = Write::new();
        self.write_version(&mut write, sealed, || Error::Stale)?;
        match write.commit_unaudited(self).await {
            Ok(()) => Ok(true),
            Err(Error::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use domain::{
        checkup::{Subject, items, standard},
        employee::Sex,
        intake::{
            Options,
            checkups::{CheckupRow, Layout},
        },
    };
    use jiff::civil::date;

    use super::{super::Stored, *};
    use crate::item::from_item;
    use crate::key::shard;

    const EMPLOYEE: EmployeeId = EmployeeId::from_bytes([7; 16]);
    const IMPORT: ImportId = ImportId::from_bytes([8; 16]);

    /// A row with these cells beside those that every row has.
    pub(crate) fn row(header: &str, cells: &str) -> CheckupRow {
        let header = format!("社員番号,受診日,健診種別,{header}");
        let cells = format!("000002,2026-03-31,定期健康診断,{cells}");
        let (header, cells): (Vec<_>, Vec<_>) = (header.split(',').collect(), cells.split(',').collect());
        let layout = Layout::recognise(&header, Options::new(date(2026, 11, 24))).unwrap();
        layout.parse(cells.len(), |at| cells[at]).row.unwrap()
    }

    pub(crate) fn content(row: CheckupRow, before: Option<CheckupHealth>) -> CheckupContent {
        let subject = Subject { sex: Sex::Female, age: 41 };
        CheckupContent::of_row(row, EMPLOYEE, subject, &standard::criteria().unwrap(), before).0
    }

    pub(crate) fn sealer(tenant: TenantId) -> CheckupSealer {
        let keyring = Arc::new(Keyring::for_tests(tenant, Purpose::Health, [3; 32]));
        CheckupSealer::new(keyring, Lookup::for_tests([4; 32]).unwrap(), 4)
    }

    fn now() -> Jst {
        "2026-11-24T10:00:00+09:00".parse().unwrap()
    }

    fn put(sealer: &CheckupSealer, content: &CheckupContent, before: Option<&RegisteredCheckup>) -> SealedCheckup {
        let planned = before.map_or(0, |before| before.version);
        match sealer.step(content, planned, before, IMPORT, now()).unwrap() {
            CheckupStep::Put(sealed) => *sealed,
            CheckupStep::Done(done) => panic!("{done:?} instead of a write"),
        }
    }

    /// A new checkup, as it is read back.
    pub(crate) fn opened(sealer: &CheckupSealer, content: &CheckupContent) -> RegisteredCheckup {
        let SealedCheckup { key, item, .. } = put(sealer, content, None);
        read_back(sealer, &key, item)
    }

    /// An item, as it is read back from its place.
    fn read_back(sealer: &CheckupSealer, key: &Key, item: Attributes) -> RegisteredCheckup {
        let tenant = sealer.keyring.tenant();
        let Stored { record, version } = from_item::<Record>(item, now()).unwrap().unwrap();
        let entity = key.entity();
        let open = |attribute, sealed: &Sealed| {
            sealer.keyring.open(&crate::place(tenant, key, &entity, attribute), &sealed.0).unwrap()
        };
        let note = record.note.as_ref().map(|note| serde_json::from_slice(&open(NOTE, note)).unwrap());
        RegisteredCheckup {
            health: serde_json::from_slice(&open(HEALTH, &record.health)).unwrap(),
            record,
            version,
            note,
        }
    }

    fn done(step: Result<CheckupStep, Error>) -> CheckupPut {
        match step.unwrap() {
            CheckupStep::Done(done) => done,
            CheckupStep::Put(_) => panic!("a write, where nothing is to be written"),
        }
    }

    #[test]
    fn r34_what_was_sealed_reads_back_and_lies_where_it_is_looked_for() {
        let tenant = TenantId::from_bytes([1; 16]);
        let (sealer, content) = (sealer(tenant), content(row("AST,医療機関名", "47,みなと健診クリニック"), None));
        assert_eq!(opened(&sealer, &content).health, content.health);
        let SealedCheckup { key, item, .. } = put(&sealer, &content, None);
        let id = sealer.id(EMPLOYEE, date(2026, 3, 31), CheckupKind::Periodic).unwrap();
        assert_eq!((key.pk, key.sk), (format!("T#{tenant}#CHECKUP#{EMPLOYEE}"), id.to_string()));
        let text = |name: &str| item[name].as_s().unwrap().clone();
        assert_eq!(text("gsi1pk"), format!("T#{tenant}#CHECKUP#2025#{}", shard(id.as_bytes())), "March is last year's");
        assert_eq!(text("gsi1sk"), format!("2026-03-31#{id}"));
    }

    #[test]
    fn r14_nothing_that_tells_about_health_is_clear() {
        let content = content(row("AST,コメント", "47,肝臓に注意"), None);
        let item = put(&sealer(TenantId::from_bytes([1; 16])), &content, None).item;
        let mut clear: Vec<_> = item.iter().filter(|(_, value)| !value.is_b()).map(|(name, _)| name.as_str()).collect();
        clear.sort_unstable();
        assert_eq!(
            clear,
            [
                "content",
                "created_at",
                "employee",
                "examined_on",
                "fiscal_year",
                "gsi1pk",
                "gsi1sk",
                "gsi2pk",
                "gsi2sk",
                "id",
                "imported_by",
                "kind",
                "pk",
                "reason",
                "schema",
                "sk",
                "updated_at",
                "version"
            ]
        );
        assert!(item["health"].is_b());
    }

    #[test]
    fn r33_the_id_follows_from_employee_day_and_kind_and_differs_between_tenants() {
        let sealer = sealer(TenantId::from_bytes([1; 16]));
        let id = |day, kind| sealer.id(EMPLOYEE, day, kind).unwrap();
        let one = id(date(2026, 3, 31), CheckupKind::Periodic);
        assert_eq!(one, id(date(2026, 3, 31), CheckupKind::Periodic));
        assert_ne!(one, id(date(2026, 4, 1), CheckupKind::Periodic));
        assert_ne!(one, id(date(2026, 3, 31), CheckupKind::Hire));
        let other = CheckupSealer { lookup: Lookup::for_tests([5; 32]).unwrap(), ..sealer.clone() };
        assert_ne!(one, other.id(EMPLOYEE, date(2026, 3, 31), CheckupKind::Periodic).unwrap());
    }

    #[test]
    fn r33_the_same_delivery_changes_nothing() {
        let sealer = sealer(TenantId::from_bytes([1; 16]));
        let there = opened(&sealer, &content(row("AST,ALT", "47,20"), None));
        for (header, cells) in [("AST,ALT", "47,20"), ("ALT", "20"), ("ALT,AST", "20,47")] {
            let again = content(row(header, cells), Some(there.health.clone()));
            let step = sealer.step(&again, 1, Some(&there), ImportId::from_bytes([9; 16]), now());
            assert_eq!(done(step), CheckupPut::Unchanged, "{header} {cells}");
        }
    }

    #[test]
    fn a_later_delivery_adds_to_what_is_there() {
        let sealer = sealer(TenantId::from_bytes([1; 16]));
        let there = opened(&sealer, &content(row("AST,ALT,医療機関名", "47,20,川崎中央病院"), None));
        let later = content(row("ALT,コメント", "99,再検査"), Some(there.health.clone()));
        let SealedCheckup { item, replaces, kept, .. } = put(&sealer, &later, Some(&there));
        assert_eq!((replaces, as_number(&item, "version")), (Some(1), Some(2)));
        let health = &later.health;
        assert_eq!(health.results.results.exact(items::AST).unwrap().to_string(), "47");
        assert_eq!(health.results.results.exact(items::ALT).unwrap().to_string(), "99");
        assert_eq!(health.clinic.as_ref().unwrap().as_str(), "川崎中央病院");
        assert_eq!(health.comment.as_deref(), Some("再検査"));
        // What it said before lies beside it, sealed for its own place.
        let (key, item) = kept.unwrap();
        let id = there.record.id;
        assert_eq!(key.sk, format!("{id}#0000000001"));
        assert!(key.pk.ends_with(&format!("#CHECKUPHISTORY#{EMPLOYEE}")) && !item.contains_key("gsi1pk"));
        let before = read_back(&sealer, &key, item);
        assert_eq!((before.version, &before.health), (1, &there.health));
    }

    #[test]
    fn r34_what_was_declared_void_stays_so_when_it_is_delivered_again_and_stands_again_when_something_else_is() {
        let sealer = sealer(TenantId::from_bytes([1; 16]));
        let delivered = content(row("AST", "47"), None);
        let first = opened(&sealer, &delivered);
        let note = Some(Note::parse("同姓の別人の結果").unwrap());
        let how = How { void: true, note, cause: Some(Cause::WrongPerson), ..How::because(ChangeReason::Void) };
        let SealedCheckup { key, item, .. } = sealer.version(&delivered, Some(&first), &how, now()).unwrap();
        let void = read_back(&sealer, &key, item);
        assert_eq!((void.version, void.standing(), void.record.voided_at), (2, None, Some(now())));
        assert_eq!(void.note.as_ref().unwrap().as_str(), "同姓の別人の結果");
        assert_eq!(done(sealer.step(&delivered, 2, Some(&void), IMPORT, now())), CheckupPut::Unchanged);
        let other = content(row("AST", "20"), void.standing().cloned());
        let SealedCheckup { key, item, kept, .. } = put(&sealer, &other, Some(&void));
        let again = read_back(&sealer, &key, item);
        assert_eq!((again.version, again.standing()), (3, Some(&other.health)));
        let (key, item) = kept.unwrap();
        assert_eq!(read_back(&sealer, &key, item).note, void.note, "the note is kept with its version");
    }

    #[test]
    fn what_changed_since_the_check_is_left_alone_unless_this_import_changed_it() {
        let sealer = sealer(TenantId::from_bytes([1; 16]));
        let content = content(row("AST", "47"), None);
        let there = RegisteredCheckup { version: 4, ..opened(&sealer, &content) };
        let step = |planned, before, import| sealer.step(&content, planned, before, import, now());
        assert_eq!(done(step(3, Some(&there), IMPORT)), CheckupPut::Written(4), "an earlier attempt wrote it");
        assert_eq!(done(step(3, Some(&there), ImportId::from_bytes([9; 16]))), CheckupPut::Conflict);
        assert_eq!(done(step(4, Some(&there), IMPORT)), CheckupPut::Written(4), "an earlier run of it wrote it");
        assert_eq!(done(step(4, Some(&there), ImportId::from_bytes([9; 16]))), CheckupPut::Unchanged);
        assert_eq!(done(step(4, None, IMPORT)), CheckupPut::Conflict, "it is gone");
    }
}
