//! Records of an object, streamed: one chunk of the body and one record are in memory at a time.

use aws_sdk_s3::primitives::ByteStream;
use domain::table::{Decoder, Delimiter, Encoding, Position, Record, RowFault, Splitter};
use store::{Error, FileShape, Files, ObjectVersion};

/// A file, or a part of one, record by record.
#[derive(Debug)]
pub(crate) struct Records {
    body: ByteStream,
    splitter: Splitter,
    decoder: Decoder,
    ended: bool,
}

impl Records {
    /// The whole file, from its header in row `header_row` on. Its encoding is found out, unless the uploader has said it.
    pub(crate) async fn of_file(
        files: &Files,
        object: &ObjectVersion,
        encoding: Option<&str>,
        header_row: u64,
    ) -> Result<Self, Error> {
        let decoder = Decoder::new(encoding.and_then(encoding_named));
        let splitter = Splitter::with_header_in(header_row);
        Ok(Self { body: files.read(object, None).await?, splitter, decoder, ended: false })
    }

    /// A part of a file whose shape is known.
    pub(crate) async fn of_range(
        files: &Files,
        object: &ObjectVersion,
        shape: &FileShape,
        start: Position,
        end: u64,
    ) -> Result<Self, Error> {
        let delimiter = if shape.delimiter == '\t' { Delimiter::Tab } else { Delimiter::Comma };
        let body = files.read(object, Some(start.offset..end)).await?;
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
        match self.body.try_next().await {
            Ok(Some(bytes)) => self.splitter.push(&bytes),
            Ok(None) => {
                self.splitter.finish();
                self.ended = true;
            }
            // A body that broke off is read again from the beginning by the next delivery of the message.
            Err(error) => return Err(Error::Unavailable(error.to_string())),
        }
        Ok(true)
    }

    /// How the file is written, once its first records have been read.
    pub(crate) fn shape(&self, header: Vec<String>, header_row: u64) -> FileShape {
        let encoding = match self.decoder.encoding() {
            Some(Encoding::ShiftJis) => "shift_jis",
            Some(Encoding::Utf8) | None => "utf-8",
        };
        let delimiter = match self.splitter.delimiter() {
            Some(Delimiter::Tab) => '\t',
            Some(Delimiter::Comma) | None => ',',
        };
        FileShape { encoding: encoding.to_owned(), delimiter, header, header_row }
    }
}

pub(crate) fn encoding_named(name: &str) -> Option<Encoding> {
    match name {
        "utf-8" => Some(Encoding::Utf8),
        "shift_jis" => Some(Encoding::ShiftJis),
        _ => None,
    }
}
