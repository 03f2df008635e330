//! Records of a file, streamed: one chunk of the body and one record are in memory at a time.

use authz::ImportRight;
use aws_sdk_s3::primitives::ByteStream;
use domain::{
    ids::ImportId,
    table::{Decoder, Delimiter, Encoding, Position, Record, RowFault, Splitter},
};
use store::{Error, FileShape, Import};

use crate::Importer;

/// A file, or a part of one, record by record.
#[derive(Debug)]
pub(crate) struct Records {
    body: Body,
    splitter: Splitter,
    decoder: Decoder,
    ended: bool,
}

/// Where the bytes come from.
#[derive(Debug)]
enum Body {
    /// The object as it came.
    Object(ByteStream),
    /// What a workbook was turned into.
    Converted(Box<Converted>),
}

#[derive(Debug)]
struct Converted {
    importer: Importer,
    right: ImportRight,
    import: ImportId,
    at: u64,
    end: u64,
}

impl Body {
    /// From `start` up to `end`, of an object or, where that is a workbook, of what it was turned into.
    async fn open(
        importer: &Importer,
        right: &ImportRight,
        import: &Import,
        converted: Option<u64>,
        range: Option<std::ops::Range<u64>>,
    ) -> Result<Self, Error> {
        let Some(length) = converted else {
            let object = import.object.as_ref().ok_or_else(no_file)?;
            return Ok(Self::Object(importer.files.read(object, range).await?));
        };
        let range = range.unwrap_or(0..length);
        let (importer, right) = (importer.clone(), right.clone());
        Ok(Self::Converted(Box::new(Converted { importer, right, import: import.id, at: range.start, end: range.end })))
    }

    async fn next(&mut self, splitter: &mut Splitter) -> Result<bool, Error> {
        match self {
            Self::Object(body) => match body.try_next().await {
                Ok(Some(bytes)) => splitter.push(&bytes),
                Ok(None) => return Ok(false),
                // A body that broke off is read again from the beginning by the next delivery of the message.
                Err(error) => return Err(Error::Unavailable(error.to_string())),
            },
            Self::Converted(it) if it.at >= it.end => return Ok(false),
            Self::Converted(it) => {
                let Converted { importer, right, import, at, end } = &mut **it;
                let segment = importer.store.converted(&importer.files, right, *import, *at).await?;
                let wanted = usize::try_from(*end - *at).unwrap_or(usize::MAX).min(segment.len());
                if wanted == 0 {
                    return Err(Error::Internal("a converted file is shorter than it was".to_owned()));
                }
                splitter.push(&segment[..wanted]);
                *at += wanted as u64;
            }
        }
        Ok(true)
    }
}

fn no_file() -> Error {
    Error::Internal("an import without its file".to_owned())
}

impl Records {
    /// The whole file, from its header in row `header_row` on. Its encoding is found out, unless the uploader has said it; `converted` is how long what a
    /// workbook was turned into is.
    pub(crate) async fn of_file(
        importer: &Importer,
        right: &ImportRight,
        import: &Import,
        converted: Option<u64>,
        header_row: u64,
    ) -> Result<Self, Error> {
        let said = import.options.encoding.as_deref().filter(|_| converted.is_none());
        let decoder = Decoder::new(said.and_then(encoding_named));
        let body = Body::open(importer, right, import, converted, None).await?;
        Ok(Self { body, splitter: Splitter::with_header_in(header_row), decoder, ended: false })
    }

    /// A part of a file whose shape is known.
    pub(crate) async fn of_range(
        importer: &Importer,
        right: &ImportRight,
        import: &Import,
        shape: &FileShape,
        start: Position,
        end: u64,
    ) -> Result<Self, Error> {
        let delimiter = if shape.delimiter == '\t' { Delimiter::Tab } else { Delimiter::Comma };
        let body = Body::open(importer, right, import, shape.converted, Some(start.offset..end)).await?;
        let decoder = Decoder::new(encoding_named(&shape.encoding));
        Ok(Self { body, splitter: Splitter::resume(delimiter, start), decoder, ended: false })
    }

    /// The next record of what has been read so far. `None`: [`Self::read_on`].
    pub(crate) fn next(&mut self) -> Option<Result<Record<'_>, RowFault>> {
        let raw = self.splitter.next_record()?;
        Some(raw.and_then(|raw| self.decoder.decode(raw)))
    }

    /// Reads on; false where there is nothing more.
    pub(crate) async fn read_on(&mut self) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        if !self.body.next(&mut self.splitter).await? {
            self.splitter.finish();
            self.ended = true;
        }
        Ok(true)
    }

    /// How the file is written, once its first records have been read.
    pub(crate) fn shape(&self, header: Vec<String>, header_row: u64, converted: Option<u64>) -> FileShape {
        let encoding = match self.decoder.encoding() {
            Some(Encoding::ShiftJis) => "shift_jis",
            Some(Encoding::Utf8) | None => "utf-8",
        };
        let delimiter = match self.splitter.delimiter() {
            Some(Delimiter::Tab) => '\t',
            Some(Delimiter::Comma) | None => ',',
        };
        FileShape { encoding: encoding.to_owned(), delimiter, header, header_row, converted }
    }
}

pub(crate) fn encoding_named(name: &str) -> Option<Encoding> {
    match name {
        "utf-8" => Some(Encoding::Utf8),
        "shift_jis" => Some(Encoding::ShiftJis),
        _ => None,
    }
}
