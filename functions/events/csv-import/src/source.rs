//! What an import reads: the object as it came, or the text that a workbook was turned into and that is kept, sealed, beside the import.

use std::sync::Arc;

use authz::ImportRight;
use domain::intake::FaultCode;
use store::{CONVERTED_SEGMENT, Error, Import, ObjectVersion, Turn};

use crate::{
    Importer,
    workbook::{Format, Workbook, refusal_of_compound},
};

/// How much of a file is looked at to find out what it is.
const FIRST_BYTES: u64 = 256 * 1024;
/// How many rows of a sheet are looked at for its header.
const FIRST_ROWS: u32 = 32;

/// A file that has come.
#[derive(Debug)]
pub(crate) enum Source {
    /// Delimited text, with its first bytes.
    Text(Vec<u8>),
    /// A workbook.
    Workbook(Arc<Workbook>),
}

/// Finds out what an object is. Fails with a code where it is nothing that is read.
pub(crate) async fn open(importer: &Importer, object: &ObjectVersion) -> Result<Result<Source, FaultCode>, Error> {
    if object.size == 0 {
        return Ok(Ok(Source::Text(Vec::new())));
    }
    let first_bytes = bytes(importer, object, object.size.min(FIRST_BYTES)).await?;
    let format = Format::of(&first_bytes);
    if format == Format::Text {
        return Ok(Ok(Source::Text(first_bytes)));
    }
    if object.size > importer.limits.largest_workbook {
        return Ok(Err(FaultCode::WorkbookTooLarge));
    }
    let whole = bytes(importer, object, object.size).await?;
    if format == Format::Compound {
        return Ok(Err(refusal_of_compound(&whole)));
    }
    let measured = blocking(move || Workbook::measured(whole)).await?;
    Ok(measured.map(|workbook| Source::Workbook(Arc::new(workbook))))
}

async fn bytes(importer: &Importer, object: &ObjectVersion, end: u64) -> Result<Vec<u8>, Error> {
    let body = importer.files.read(object, Some(0..end)).await?;
    let bytes = body.collect().await.map_err(|error| Error::Unavailable(error.to_string()))?;
    Ok(bytes.to_vec())
}

/// Unzipping takes a while: meanwhile other messages go on.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))
}

impl Source {
    /// The beginning of the text that would be read: of this sheet, if it is a workbook's. Nothing where there is no such sheet.
    pub(crate) async fn head(&self, sheet: Option<&str>) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Text(first_bytes) => Ok(Some(first_bytes.clone())),
            Self::Workbook(workbook) => {
                let (workbook, sheet) = (Arc::clone(workbook), sheet.map(str::to_owned));
                Ok(blocking(move || workbook.text(sheet.as_deref(), Some(FIRST_ROWS))).await?.ok())
            }
        }
    }

    /// Turns a workbook's sheet into text and keeps that. How long it is; nothing for what is read as it came.
    pub(crate) async fn converted(
        self,
        importer: &Importer,
        turn: Turn,
        right: &ImportRight,
        import: &Import,
        sheet: Option<&str>,
    ) -> Result<Result<Option<u64>, FaultCode>, Error> {
        let Self::Workbook(workbook) = self else { return Ok(Ok(None)) };
        importer.store.keep_turn(turn).await?;
        let sheet = sheet.map(str::to_owned);
        let text = match blocking(move || workbook.text(sheet.as_deref(), None)).await? {
            Ok(text) => text,
            Err(code) => return Ok(Err(code)),
        };
        for (segment, number) in text.chunks(CONVERTED_SEGMENT).zip(0..) {
            importer.store.keep_turn(turn).await?;
            importer.store.keep_converted(&importer.files, right, import.id, number, segment).await?;
        }
        Ok(Ok(Some(text.len() as u64)))
    }
}
