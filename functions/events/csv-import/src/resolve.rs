//! Rows that waited until somebody said whose they are: each is applied by itself, by the code that applies every row.

use authz::Origin;
use domain::{
    ids::{DiscrepancyId, ImportId, TenantId},
    table::{Decoder, Splitter},
};
use store::{Error, ImportState};

use crate::{
    Importer,
    kinds::{Applied, Layout, Register},
    layouts,
};

/// Applies a row that a person has given to an employee, unless it is done already.
pub(crate) async fn row(
    importer: &Importer,
    tenant: TenantId,
    import: ImportId,
    id: DiscrepancyId,
    origin: &Origin,
) -> Result<(), Error> {
    let permit = jobs::for_import_intake(tenant, Some(import), origin);
    let Some(stored) = importer.store.import_of_job(&permit, import).await? else { return Ok(()) };
    let import = stored.record;
    if matches!(import.state, ImportState::Undoing | ImportState::Undone) {
        // It goes with the rest of its file.
        return Ok(());
    }
    // Whoever has lost the right to import leaves the row where it is: it ends with the upload.
    let Ok(right) = jobs::for_import(&importer.store, tenant, &import, origin).await? else { return Ok(()) };
    let Some((waiting, cells)) = importer.store.resolving_discrepancy(&right, import.id, id).await? else {
        return Ok(());
    };
    let lost = || Error::Internal("a row without the shape of its import".to_owned());
    let shape = import.shape.as_ref().ok_or_else(lost)?;
    let (by, today) = (layouts::kept(importer, &right, &import).await?, importer.store.clock().now().date());
    let header: Vec<&str> = shape.header.iter().map(String::as_str).collect();
    let layout = Layout::recognise(right.kind(), &header, &import, by, today).map_err(|_| lost())?;
    let row = parsed(&layout, &cells).ok_or_else(lost)?;
    let employee = waiting.record.employee.ok_or_else(lost)?;
    let mut register = Register::open(&importer.store, &right, &import).await?;
    let number = waiting.record.row;
    let applied = register.apply_to(&importer.store, &right, &layout, &import, (number, row), employee).await?;
    let outcome = match applied {
        Applied::Written(_, wrote) => Ok(wrote),
        Applied::Unchanged => Ok(None),
        Applied::Conflict(code) => Err(code.to_string()),
    };
    importer.store.settle_discrepancy(&right, waiting, outcome).await
}

/// The row that cells are, read as the file was.
fn parsed(layout: &Layout, cells: &[String]) -> Option<crate::kinds::Row> {
    let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
    let mut splitter = Splitter::new();
    splitter.push(quoted.join(",").as_bytes());
    splitter.finish();
    let mut decoder = Decoder::new(Some(domain::table::Encoding::Utf8));
    let record = decoder.decode(splitter.next_record()?.ok()?).ok()?;
    layout.parse(&record).0
}
