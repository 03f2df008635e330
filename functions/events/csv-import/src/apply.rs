//! Applying: a chunk of the plan, row by row, many at a time. A row that has changed since the check is left alone and reported.

use authz::{ImportRight, Origin};
use domain::{
    ids::{ImportId, TenantId},
    table::Position,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use store::{Chunk, Done, Error, Import, ImportState};

use crate::{
    Importer,
    kinds::{Applied, Layout, Planned, Register, Waiting},
    layouts,
    records::Records,
    turn,
};

/// The last chunks of a plan look whether they were the last to be done.
const LOOK_WITHIN: u32 = 64;

/// Applies a chunk, unless it is done already.
pub(crate) async fn chunk(
    importer: &Importer,
    tenant: TenantId,
    import: ImportId,
    number: u32,
    origin: &Origin,
) -> Result<(), Error> {
    let permit = jobs::for_import_intake(tenant, Some(import), origin);
    let Some(stored) = importer.store.import_of_job(&permit, import).await? else { return Ok(()) };
    let import = stored.record;
    if import.state != ImportState::Applying {
        return Ok(());
    }
    let Ok(right) = jobs::for_import(&importer.store, tenant, &import, origin).await? else {
        // The turn that looks next finds the same and ends the import.
        return turn::take(importer, tenant, origin).await;
    };
    if let Some(chunk) = importer.store.open_chunk(&right, import.id, number).await? {
        let (done, touched) = rows(importer, &right, &import, &chunk).await?;
        importer.store.finish_chunk(&right, import.id, number, &done, &touched).await?;
    }
    if number + LOOK_WITHIN < import.chunks {
        return Ok(());
    }
    let done = importer.store.done_chunks(&right, import.id).await?;
    if done.len() < import.chunks as usize { Ok(()) } else { turn::take(importer, tenant, origin).await }
}

async fn rows(
    importer: &Importer,
    right: &ImportRight,
    import: &Import,
    chunk: &Chunk,
) -> Result<(Done, Vec<String>), Error> {
    let lost = || Error::Internal("an import without its file or shape".to_owned());
    let shape = import.shape.as_ref().ok_or_else(lost)?;
    let cells: Vec<&str> = shape.header.iter().map(String::as_str).collect();
    let (by, today) = (layouts::kept(importer, right, import).await?, importer.store.clock().now().date());
    let layout = Layout::recognise(right.kind(), &cells, import, by, today).map_err(|_| lost())?;
    let start = Position { offset: chunk.start, row: chunk.first_row, line: chunk.first_line };
    let mut records = Records::of_range(importer, right, import, shape, start, chunk.end).await?;
    let mut versions = chunk.versions.iter();
    let mut planned: Vec<Planned> = Vec::with_capacity(chunk.versions.len());
    let mut waiting: Vec<Waiting> = Vec::with_capacity(chunk.waiting.len());
    // It is the same version of the object, read in the same way: what was good at the check is good now, or something is badly wrong.
    let changed = || Error::Internal("a chunk is not what was checked".to_owned());
    loop {
        while let Some(record) = records.next() {
            let version = *versions.next().ok_or_else(changed)?;
            let number = record.as_ref().map_or_else(|fault| fault.start.row, |record| record.start.row);
            let waits = chunk.waiting.iter().find(|(row, _)| *row == number).map(|(_, cause)| *cause);
            if version.is_none() && waits.is_none() {
                continue;
            }
            let record = record.map_err(|_| changed())?;
            let row = layout.parse(&record).0.ok_or_else(changed)?;
            if let Some(cause) = waits {
                let cells = record.iter().map(str::to_owned).collect();
                waiting.push(Waiting { number, cause, row, cells });
            } else if let Some(version) = version {
                let employee = chunk.found.iter().find(|(row, _)| *row == number).map(|(_, employee)| *employee);
                planned.push(Planned { number, row, version, employee });
            }
        }
        if !records.read_on().await? {
            break;
        }
    }
    if versions.next().is_some() {
        return Err(changed());
    }
    write(importer, right, import, planned, waiting).await
}

async fn write(
    importer: &Importer,
    right: &ImportRight,
    import: &Import,
    planned: Vec<Planned>,
    waiting: Vec<Waiting>,
) -> Result<(Done, Vec<String>), Error> {
    let mut register = Register::open(&importer.store, right, import).await?;
    let kept = register.keep_waiting(&importer.store, right, import, waiting).await?;
    register.prepare(&importer.store, right, import, &planned).await?;
    let register = register;
    let groups = register.groups(planned);
    let written: Vec<Vec<(u64, Applied)>> = stream::iter(groups)
        .map(|group| Box::pin(register.apply(&importer.store, right, import, group)))
        .buffer_unordered(register.in_flight(importer.limits.rows_in_flight))
        .try_collect()
        .await?;
    let mut done = Done { waiting: kept.len() as u64, ..Done::default() };
    let mut touched = kept;
    for (row, applied) in written.into_iter().flatten() {
        match applied {
            Applied::Written(id, wrote) => {
                done.applied += 1;
                touched.push(id);
                done.wrote.extend(wrote);
            }
            Applied::Unchanged => done.unchanged += 1,
            Applied::Conflict(code) => done.conflicts.push((row, code)),
        }
    }
    done.conflicts.sort_unstable();
    done.wrote.sort_unstable_by_key(|wrote| wrote.row);
    // Several rows may be about one thing.
    touched.sort_unstable();
    touched.dedup();
    Ok((done, touched))
}
