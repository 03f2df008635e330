//! Undoing: every row that an import wrote is looked at, and then taken back, chunk by chunk within the tenant's turn. How far it is stands in the import; a run that ends, or
//! dies, is gone on with by the next one.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use authz::{ImportKind, ImportRight, Origin};
use domain::{
    ids::{EmployeeId, ImportId, TenantId},
    intake::{Fault, FaultCode},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use store::{
    CheckupSealer, EmployeeImage, Error, Import, ImportState, Organisation, Store, Stored, Turn, UndoPhase, Wrote,
};

use crate::{
    Importer,
    faults::Faults,
    turn::{Next, fail},
};

/// How long one step goes on before it lets the queue call again.
const AT_A_TIME: Duration = Duration::from_mins(1);

/// What rows are held against, and taken back with.
enum Register {
    Checkups(Box<CheckupSealer>),
    Employees(Box<Organisation>),
}

impl Register {
    async fn open(store: &Store, right: &ImportRight) -> Result<Self, Error> {
        Ok(if right.kind() == ImportKind::Checkups {
            Self::Checkups(Box::new(store.checkup_sealer(right).await?))
        } else {
            Self::Employees(Box::new(store.hold_organisation(right).await?))
        })
    }

    /// Whether a row can be taken back; or whether it was, where rows are being written.
    async fn look(
        &self,
        store: &Store,
        right: &ImportRight,
        import: ImportId,
        phase: UndoPhase,
        (wrote, image): (&Wrote, Option<&EmployeeImage>),
    ) -> Result<bool, Error> {
        let step = match self {
            Self::Checkups(sealer) => store.checkup_undone(right, sealer, import, wrote).await?,
            Self::Employees(places) => store.employee_undone(right, import, places, (wrote, image)).await?,
        };
        store.take_back(right, step, phase).await
    }
}

/// Goes on with an undo for a while.
pub(crate) async fn step(
    importer: &Importer,
    turn: Turn,
    tenant: TenantId,
    stored: Stored<Import>,
    origin: &Origin,
) -> Result<Next, Error> {
    let (store, until) = (&importer.store, Instant::now() + AT_A_TIME);
    let right = jobs::for_undo(store, tenant, &stored.record, origin).await?;
    let (Some(undo), Ok(right)) = (stored.record.undo.clone(), right) else {
        store.move_import(turn, stored, |import| stop(import, "right_lost")).await?;
        return Ok(Next::GoOn);
    };
    if undo.phase == UndoPhase::Checking && undo.next == 0 {
        store.forget_undo(turn, stored.record.id).await?;
    }
    let register = Register::open(store, &right).await?;
    let mut stored = stored;
    let mut chunk = undo.next;
    while chunk <= stored.record.chunks {
        if Instant::now() >= until {
            return Ok(Next::Later(1));
        }
        store.keep_turn(turn).await?;
        let Some(wrote) = rows(store, &right, &stored.record, chunk).await? else {
            store.move_import(turn, stored, |import| stop(import, "undo_unavailable")).await?;
            return Ok(Next::GoOn);
        };
        let images = if right.kind() == ImportKind::Employees {
            store.images_of(&right, stored.record.id, &wrote).await?
        } else {
            HashMap::new()
        };
        let (touched, undone) =
            look(importer, &right, &register, &stored.record, undo.phase, (&wrote, &images)).await?;
        store.note_undo(&right, stored.record.id, (undo.phase, chunk), touched, &undone).await?;
        chunk += 1;
        stored = store.move_import(turn, stored, |import| set_next(import, chunk)).await?;
    }
    let (undone, touched) = store.looked(&right, stored.record.id, undo.phase).await?;
    let file = keep_touched(importer, &right, &stored.record, &touched).await?;
    let refused = undo.phase == UndoPhase::Checking && !touched.is_empty();
    let ends = refused || undo.phase == UndoPhase::Writing;
    if ends && right.kind() == ImportKind::Employees {
        store.release_organisation(&right).await?;
    }
    store
        .move_import(turn, stored, |import| {
            let Some(undo) = &mut import.undo else { return };
            undo.next = 0;
            undo.undone = if undo.phase == UndoPhase::Writing { undone } else { 0 };
            undo.touched = touched.len() as u64;
            undo.fault_file = file;
            (undo.phase, import.state) = match (undo.phase, refused) {
                (UndoPhase::Checking, false) => (UndoPhase::Writing, ImportState::Undoing),
                (UndoPhase::Checking, true) => (UndoPhase::Refused, undo.from),
                _ => (UndoPhase::Done, ImportState::Undone),
            };
        })
        .await?;
    Ok(Next::GoOn)
}

/// What the rows of a chunk wrote, if all of it is known.
async fn rows(store: &Store, right: &ImportRight, import: &Import, chunk: u32) -> Result<Option<Vec<Wrote>>, Error> {
    let wrote = store.wrote(right, import, chunk).await?;
    Ok(wrote.and_then(|(applied, wrote)| (applied == wrote.len() as u64).then_some(wrote)))
}

/// Looks at rows, or takes them back, many at a time: the numbers of those that were touched since, and the others.
async fn look(
    importer: &Importer,
    right: &ImportRight,
    register: &Register,
    import: &Import,
    phase: UndoPhase,
    (wrote, images): (&[Wrote], &HashMap<(EmployeeId, u64), EmployeeImage>),
) -> Result<(Vec<u64>, Vec<Wrote>), Error> {
    let one = |wrote: Wrote| async move {
        let image = images.get(&(wrote.employee, wrote.version.saturating_sub(1)));
        let good = Box::pin(register.look(&importer.store, right, import.id, phase, (&wrote, image))).await?;
        Ok::<_, Error>((wrote, good))
    };
    let looked: Vec<(Wrote, bool)> = stream::iter(wrote.iter().copied())
        .map(one)
        .buffer_unordered(importer.limits.rows_in_flight)
        .try_collect()
        .await?;
    let (good, touched): (Vec<_>, Vec<_>) = looked.into_iter().partition(|(_, good)| *good);
    let mut touched: Vec<u64> = touched.into_iter().map(|(wrote, _)| wrote.row).collect();
    touched.sort_unstable();
    Ok((touched, good.into_iter().map(|(wrote, _)| wrote).collect()))
}

fn set_next(import: &mut Import, chunk: u32) {
    if let Some(undo) = &mut import.undo {
        undo.next = chunk;
    }
}

/// Nothing was changed yet: it is as it was. Otherwise it can be resumed.
fn stop(import: &mut Import, reason: &str) {
    match &mut import.undo {
        Some(undo) if undo.phase == UndoPhase::Checking => {
            undo.phase = UndoPhase::Refused;
            undo.reason = Some(reason.to_owned());
            import.state = undo.from;
        }
        _ => fail(import, reason),
    }
}

/// Keeps the list of rows that were touched since.
async fn keep_touched(
    importer: &Importer,
    right: &ImportRight,
    import: &Import,
    touched: &[(u64, FaultCode)],
) -> Result<Option<String>, Error> {
    if touched.is_empty() {
        return Ok(None);
    }
    let mut faults = Faults::below(import.shape.as_ref().map_or(1, |shape| shape.header_row));
    for (row, code) in touched {
        faults.note(*row, [Fault::new(*code)]);
    }
    let key = format!("{}/made/errors/{}-undo", right.tenant(), import.id);
    importer.store.keep_file(&importer.files, right, &key, &faults.file()).await?;
    Ok(Some(key))
}
