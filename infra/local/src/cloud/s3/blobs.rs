//! Objects' bytes as files. A blob is written beside, synced and renamed, so it is there whole or not at all; blobs
//! that no row of the index names (a crash came between) are swept when the store opens.

use std::collections::HashSet;
use std::fs;
use std::io::{self, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use futures_util::stream::try_unfold;
use futures_util::{Stream, StreamExt as _};
use s3s::StdError;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::Checksum;
use serde::{Deserialize, Serialize};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use uuid::Uuid;

/// Bytes move in pieces of this size, so memory stays flat however large an object is.
const PIECE: usize = 512 * 1024;

/// A file of bytes and its length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Blob {
    pub(super) name: String,
    pub(super) size: u64,
}

/// What was learned while writing.
pub(super) struct Written {
    pub(super) blob: Blob,
    pub(super) md5: [u8; 16],
    pub(super) sums: Checksum,
}

/// The directory of blobs.
#[derive(Clone, Debug)]
pub(super) struct Blobs {
    directory: PathBuf,
    /// Whether bytes must outlive the machine's power; not for tests in memory.
    durable: bool,
}

impl Blobs {
    /// Opens the directory and deletes what `known` does not name.
    pub(super) fn open(directory: PathBuf, durable: bool, known: &HashSet<String>) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            if !known.contains(entry.file_name().to_string_lossy().as_ref()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { directory, durable })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Streams a body into a new blob, hashing as it goes.
    pub(super) async fn write<S>(&self, mut body: S, mut hasher: ChecksumHasher) -> Result<Written, StdError>
    where
        S: Stream<Item = Result<Bytes, StdError>> + Unpin,
    {
        let name = Uuid::new_v4().simple().to_string();
        let incoming = self.path(&format!("{name}.incoming"));
        let mut unfinished = Unfinished(Some(incoming.clone()));
        let mut file = File::create(&incoming).await?;
        file.set_max_buf_size(PIECE);
        let (mut size, mut md5, mut piece) = (0, Md5::new(), BytesMut::with_capacity(PIECE));
        while let Some(bytes) = body.next().await {
            let bytes = bytes?;
            size += bytes.len() as u64;
            md5.update(&bytes);
            hasher.update(&bytes);
            piece.extend_from_slice(&bytes);
            if piece.len() >= PIECE {
                file.write_all(&piece).await?;
                piece.clear();
            }
        }
        file.write_all(&piece).await?;
        file.flush().await?;
        if self.durable {
            file.sync_all().await?;
        }
        fs::rename(&incoming, self.path(&name))?;
        unfinished.0 = None;
        self.sync_directory()?;
        Ok(Written { blob: Blob { name, size }, md5: md5.finalize(), sums: hasher.finalize() })
    }

    /// A second name for the same bytes, so that a copy costs nothing and lives on its own.
    pub(super) fn link(&self, blob: &Blob) -> io::Result<Blob> {
        let name = Uuid::new_v4().simple().to_string();
        fs::hard_link(self.path(&blob.name), self.path(&name))?;
        self.sync_directory()?;
        Ok(Blob { name, size: blob.size })
    }

    /// Deletes blobs that the index no longer names.
    pub(super) fn remove(&self, blobs: &[Blob]) {
        for blob in blobs {
            if let Err(error) = fs::remove_file(self.path(&blob.name)) {
                tracing::warn!(%error, "a blob could not be deleted; the next start will");
            }
        }
    }

    /// The bytes of `range` out of blobs that follow each other.
    pub(super) fn read(
        &self,
        blobs: &[Blob],
        range: Range<u64>,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + use<> {
        let mut pieces = Vec::new();
        let mut start = 0;
        for blob in blobs {
            let end = start + blob.size;
            if range.start < end && start < range.end {
                let from = range.start.max(start) - start;
                pieces.push((self.path(&blob.name), from, range.end.min(end) - start - from));
            }
            start = end;
        }
        pieces.reverse();
        try_unfold((pieces, None::<(File, u64)>), |(mut pieces, mut open)| async move {
            loop {
                if let Some((mut file, left)) = open.take().filter(|(_, left)| *left > 0) {
                    let want = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
                    let mut piece = BytesMut::zeroed(want);
                    let got = file.read(&mut piece).await?;
                    if got == 0 {
                        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                    }
                    piece.truncate(got);
                    let left = left - got as u64;
                    return Ok(Some((piece.freeze(), (pieces, Some((file, left))))));
                }
                let Some((path, from, length)) = pieces.pop() else { return Ok(None) };
                let mut file = File::open(&path).await?;
                file.set_max_buf_size(PIECE);
                file.seek(SeekFrom::Start(from)).await?;
                open = Some((file, length));
            }
        })
    }

    fn sync_directory(&self) -> io::Result<()> {
        if self.durable { fs::File::open(&self.directory)?.sync_all() } else { Ok(()) }
    }
}

/// A file that is deleted unless its writing came to an end.
struct Unfinished(Option<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            remove_quietly(path);
        }
    }
}

fn remove_quietly(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::debug!(%error, "an unfinished upload could not be deleted");
    }
}
