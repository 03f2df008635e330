//! Turns: which of a tenant's imports goes on, and when.

use authz::{ImportKind, Origin, Permit, permission::UseImports};
use domain::{ids::TenantId, intake::FaultCode};
use store::{Error, Import, ImportState, Stored, Turn, Way};

use crate::{Importer, check, faults::Faults, kinds::Layout, layouts, undo};

/// Seconds after which a turn that somebody else has is looked at again.
const BUSY: u16 = 5;
/// Seconds after which chunks that are being applied are looked at again.
const WATCH: u16 = 30;
/// Seconds without a sign of life after which the chunks of an import that are not done are handed out again.
const STUCK: i64 = 300;

/// Takes the tenant's turn and goes on until nothing is left to do at this moment.
pub(crate) async fn take(importer: &Importer, tenant: TenantId, origin: &Origin) -> Result<(), Error> {
    let permit = jobs::for_import_intake(tenant, None, origin);
    if !importer.store.has_tenant(&permit).await? {
        // Messages can outlive a tenant; a turn would leave an item behind.
        return Ok(());
    }
    let Some(turn) = importer.store.take_turn(&permit).await? else {
        // Whoever has it may have looked before this import was there.
        return importer.queue.turn(tenant, BUSY).await;
    };
    let outcome = go_on(importer, &permit, turn, tenant, origin).await;
    // Given back also after a failure, so that the next delivery need not wait for the lease to run out.
    match (outcome, importer.store.end_turn(turn).await) {
        (Ok(()), ended) => ended,
        (Err(error), _) => Err(error),
    }
}

async fn go_on(
    importer: &Importer,
    permit: &Permit<UseImports>,
    turn: Turn,
    tenant: TenantId,
    origin: &Origin,
) -> Result<(), Error> {
    loop {
        let mut unfinished = importer.store.unfinished_imports(permit).await?;
        let Some(import) = next_of(&unfinished).map(|index| unfinished.swap_remove(index)) else { return Ok(()) };
        let next = match import.record.state {
            ImportState::Applying => watch(importer, turn, tenant, import, origin).await?,
            ImportState::Undoing => undo::step(importer, turn, tenant, import, origin).await?,
            _ => check(importer, turn, tenant, import, unfinished.is_empty(), origin).await?,
        };
        match next {
            Next::GoOn => {}
            Next::Later(seconds) => return importer.queue.turn(tenant, seconds).await,
        }
    }
}

/// Whose turn it is: what is being applied goes first, for it began before all others; then what is being taken back.
pub(crate) fn next_of(unfinished: &[Stored<Import>]) -> Option<usize> {
    let begun = |state| unfinished.iter().position(|stored| stored.record.state == state);
    begun(ImportState::Applying).or_else(|| begun(ImportState::Undoing)).or((!unfinished.is_empty()).then_some(0))
}

/// What comes after one step.
pub(crate) enum Next {
    /// Look again now.
    GoOn,
    /// Look again in so many seconds; others will send word before, if there is any.
    Later(u16),
}

async fn check(
    importer: &Importer,
    turn: Turn,
    tenant: TenantId,
    import: Stored<Import>,
    alone: bool,
    origin: &Origin,
) -> Result<Next, Error> {
    let Ok(right) = jobs::for_import(&importer.store, tenant, &import.record, origin).await? else {
        importer.store.move_import(turn, import, |import| refuse(import, "right_lost")).await?;
        return Ok(Next::GoOn);
    };
    let checking = importer.store.move_import(turn, import, |import| import.state = ImportState::Checking).await?;
    let id = checking.record.id;
    importer.store.forget_plan(turn, id).await?;
    let mut checked = check::file(importer, turn, &right, &checking.record).await?;
    let waits = checking.record.way == Way::Drop
        && checked.faults.missing_references > 0
        && is_young(importer, &checking.record);
    if waits {
        // What it refers to may be in a file that is on its way.
        importer.store.move_import(turn, checking, |import| import.state = ImportState::Waiting).await?;
        return Ok(if alone { Next::Later(BUSY) } else { Next::Later(1) });
    }
    let fault_file = keep_faults(importer, &right, &checking.record, &mut checked.faults).await?;
    let refused = checked.refused || (checked.faults.rows > 0 && !checking.record.options.skip_bad_rows);
    let dry_run = checking.record.options.dry_run;
    importer
        .store
        .move_import(turn, checking, |import| {
            import.shape = checked.shape;
            import.layout = checked.layout;
            import.chunks = checked.chunks;
            import.handed_out = false;
            import.counts.read = checked.rows;
            import.counts.rejected = checked.faults.rows;
            import.counts.waiting = checked.waiting;
            import.preview = dry_run.then_some(checked.preview);
            import.counts.warnings = checked.faults.warnings;
            import.fault_file = fault_file;
            import.state = match (refused, dry_run) {
                (true, _) => ImportState::Rejected,
                (false, true) => ImportState::Checked,
                (false, false) => ImportState::Applying,
            };
        })
        .await?;
    // Its chunks are handed out by the next step, which looks at it as any later one would.
    Ok(Next::GoOn)
}

fn is_young(importer: &Importer, import: &Import) -> bool {
    importer.store.clock().now() < import.created_at.plus_seconds(importer.limits.reference_grace)
}

fn refuse(import: &mut Import, reason: &str) {
    import.state = ImportState::Rejected;
    import.reason = Some(reason.to_owned());
}

pub(crate) fn fail(import: &mut Import, reason: &str) {
    import.state = ImportState::Failed;
    import.reason = Some(reason.to_owned());
}

async fn keep_faults(
    importer: &Importer,
    right: &authz::ImportRight,
    import: &Import,
    faults: &mut Faults,
) -> Result<Option<String>, Error> {
    if faults.is_empty() {
        return Ok(None);
    }
    let key = format!("{}/made/errors/{}", right.tenant(), import.id);
    importer.store.keep_file(&importer.files, right, &key, &faults.file()).await?;
    Ok(Some(key))
}

/// Looks whether all chunks of an import are done, and ends it if so.
async fn watch(
    importer: &Importer,
    turn: Turn,
    tenant: TenantId,
    import: Stored<Import>,
    origin: &Origin,
) -> Result<Next, Error> {
    let Ok(right) = jobs::for_import(&importer.store, tenant, &import.record, origin).await? else {
        importer.store.move_import(turn, import, |import| fail(import, "right_lost")).await?;
        return Ok(Next::GoOn);
    };
    let done = importer.store.done_chunks(&right, import.record.id).await?;
    if done.len() < import.record.chunks as usize {
        let stuck = importer.store.clock().now() >= import.record.updated_at.plus_seconds(STUCK);
        if stuck || !import.record.handed_out {
            let missing: Vec<u32> =
                (0..import.record.chunks).filter(|number| done.iter().all(|(done, _)| done != number)).collect();
            // Noted afterwards: a job that dies in between leaves them to be handed out once more, which does no harm.
            importer.queue.apply(tenant, import.record.id, &missing).await?;
            importer.store.move_import(turn, import, |import| import.handed_out = true).await?;
        }
        return Ok(Next::Later(WATCH));
    }
    let (applied, unchanged) = done.iter().fold((0, 0), |(a, u), (_, done)| (a + done.applied, u + done.unchanged));
    let conflicts: Vec<(u64, FaultCode)> = done.iter().flat_map(|(_, done)| done.conflicts.iter().copied()).collect();
    let waiting: u64 = done.iter().map(|(_, done)| done.waiting).sum();
    let rows = applied + unchanged + waiting + conflicts.len() as u64 + import.record.counts.rejected;
    if rows != import.record.counts.read {
        // No row may be lost in silence.
        tracing::error!(import = %import.record.id, rows, read = import.record.counts.read, "an import's rows do not add up");
        importer.store.move_import(turn, import, |import| fail(import, "rows_lost")).await?;
        return Ok(Next::GoOn);
    }
    if right.kind() == ImportKind::Employees {
        importer.store.release_organisation(&right).await?;
    }
    let now = importer.store.clock().now();
    let fault_file = if conflicts.is_empty() {
        import.record.fault_file.clone()
    } else {
        Some(add_conflicts(importer, &right, &import.record, &conflicts).await?)
    };
    importer
        .store
        .move_import(turn, import, |import| {
            import.counts.applied = applied;
            import.counts.unchanged = unchanged;
            import.counts.conflicts = conflicts.len() as u64;
            import.applied_at = Some(now);
            import.state = if conflicts.is_empty() { ImportState::Applied } else { ImportState::AppliedWithConflicts };
            import.fault_file = fault_file;
        })
        .await?;
    Ok(Next::GoOn)
}

/// Adds the rows that were left alone to the list of faults.
async fn add_conflicts(
    importer: &Importer,
    right: &authz::ImportRight,
    import: &Import,
    rows: &[(u64, FaultCode)],
) -> Result<String, Error> {
    let cells: Vec<&str> = import.shape.iter().flat_map(|shape| &shape.header).map(String::as_str).collect();
    let (by, today) = (layouts::kept(importer, right, import).await?, importer.store.clock().now().date());
    let layout = Layout::recognise(right.kind(), &cells, import, by, today)
        .map_err(|_| Error::Internal("an import without its shape".to_owned()))?;
    let mut faults = Faults::below(import.shape.as_ref().map_or(1, |shape| shape.header_row));
    for (row, code) in rows {
        faults.note(*row, [layout.conflict(*code)]);
    }
    let mut file = match &import.fault_file {
        Some(key) => importer.store.kept_file(&importer.files, right, key).await?.to_vec(),
        None => Vec::new(),
    };
    let more = faults.file();
    if file.is_empty() {
        file = more;
    } else {
        // Without its first line, which the list has already.
        let rest = more.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        file.extend_from_slice(&more[rest..]);
    }
    let key = format!("{}/made/errors/{}", right.tenant(), import.id);
    importer.store.keep_file(&importer.files, right, &key, &file).await?;
    Ok(key)
}
