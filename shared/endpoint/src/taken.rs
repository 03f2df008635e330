//! Files that somebody takes away: first an address that is good for some minutes and for whoever asked for it, then the files one by one.

use axum::response::Response;
use domain::{ids::DownloadId, time::Jst};
use serde::Serialize;
use store::{Download, MadeFile, TakenFile};
use utoipa::ToSchema;

use crate::{Problem, attachment::attachment};

/// A file that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MadeFile)]
pub struct MadeFileView {
    /// ファイル名。
    #[schema(example = "employees-1.csv")]
    name: String,
    /// 見出しを除く行数。
    #[schema(example = 1204)]
    rows: u64,
    /// 文字コード（シフトJIS）で表せず「〓」に置き換えた文字の数。
    #[schema(example = 0)]
    replaced: u64,
    /// バイト数。
    #[schema(example = 348_112)]
    bytes: u64,
    /// 内容の SHA-256（16進数）。
    #[schema(example = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    sha256: String,
}

impl From<&MadeFile> for MadeFileView {
    fn from(made: &MadeFile) -> Self {
        Self {
            name: made.name.clone(),
            rows: made.rows,
            replaced: made.replaced,
            bytes: made.bytes,
            sha256: made.sha256.clone(),
        }
    }
}

/// A file with the address that it can be fetched from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferedFile)]
struct OfferedView {
    #[serde(flatten)]
    file: MadeFileView,
    /// 取得用のアドレス。
    #[schema(
        example = "/v1/exports/exp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b/downloads/dwl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b/files/1"
    )]
    address: String,
}

/// Addresses that are good for some minutes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Download)]
pub struct DownloadView {
    #[schema(value_type = String, example = "dwl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: DownloadId,
    /// アドレスの有効期限。
    #[schema(value_type = String, format = DateTime)]
    until: Jst,
    /// 取得できるファイル。
    files: Vec<OfferedView>,
}

impl DownloadView {
    /// The addresses below `location`.
    #[must_use]
    pub fn of(download: &Download, location: &str) -> Self {
        let offered = |(number, made): (usize, &MadeFile)| OfferedView {
            file: made.into(),
            address: format!("{location}/files/{number}"),
        };
        Self { id: download.id, until: download.until, files: (1..).zip(&download.files).map(offered).collect() }
    }
}

/// The file, byte for byte: what its hash was made of. A text would be decoded on its way, and would be other bytes.
pub fn taken_file(taken: &TakenFile) -> Result<Response, Problem> {
    attachment(Response::default(), &taken.name, "application/octet-stream", taken.bytes.to_vec())
}
