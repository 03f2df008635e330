//! Files that are attached to a checkup (原本の添付): PDF, of a size that an answer can hold, and only what was announced.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::checked::{Checked, Rule, line, sha256};

/// The largest file, in bytes: with its encoding it must fit into an answer.
pub const LARGEST: u64 = 4_000_000;
/// The one kind of file that is taken.
pub const MEDIA_TYPE: &str = "application/pdf";
/// What a PDF begins with (ISO 32000-1, 7.5.2).
const MAGIC: &[u8] = b"%PDF-";
/// What it ends with, near its end (7.5.5), and how near.
const END: (&[u8], usize) = (b"%%EOF", 1024);

/// Rule of [`FileName`].
#[derive(Debug)]
pub enum FileNameRule {}
impl Rule for FileNameRule {
    const NAME: &'static str = "FileName";
    const CODE: &'static str = "file_name_invalid";
    const DETAIL: &'static str =
        "ファイル名は、改行・制御文字・「/」「\\」を含まない255文字以内で、拡張子 .pdf を付けて指定してください。";
    const PERSONAL: bool = true;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        let name = line(text, 255)?;
        let is_pdf = name.len() > 4 && name.get(name.len() - 4..).is_some_and(|end| end.eq_ignore_ascii_case(".pdf"));
        (is_pdf && !name.contains(['/', '\\'])).then_some(name)
    }
}
/// A file's name, which may hold a person's.
pub type FileName = Checked<FileNameRule>;

/// Rule of [`Sha256`].
#[derive(Debug)]
pub enum Sha256Rule {}
impl Rule for Sha256Rule {
    const NAME: &'static str = "Sha256";
    const CODE: &'static str = "sha256_invalid";
    const DETAIL: &'static str = "SHA-256 は16進数64桁で指定してください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        sha256(text)
    }
}
/// A SHA-256 in hexadecimal digits.
pub type Sha256 = Checked<Sha256Rule>;

/// Why a file that came is not what was said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentFault {
    /// Another size.
    Size,
    /// Another hash.
    Hash,
    /// No PDF.
    NoPdf,
}

impl AttachmentFault {
    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Hash => "hash",
            Self::NoPdf => "no_pdf",
        }
    }
}

/// Looks whether bytes are the PDF of this size; `hash` is what their hash is, `sha256` what it was said to be.
pub fn looked_at(bytes: &[u8], size: u64, hash: &str, sha256: &Sha256) -> Result<(), AttachmentFault> {
    if bytes.len() as u64 != size {
        return Err(AttachmentFault::Size);
    }
    if hash != sha256.as_str() {
        return Err(AttachmentFault::Hash);
    }
    let (end, near) = END;
    let tail = &bytes[bytes.len().saturating_sub(near)..];
    let ends = tail.windows(end.len()).any(|part| part == end);
    if bytes.starts_with(MAGIC) && ends { Ok(()) } else { Err(AttachmentFault::NoPdf) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n";

    #[test]
    fn only_the_announced_pdf_is_taken() {
        let said = Sha256::parse(&"AB".repeat(32)).unwrap();
        let hash = "ab".repeat(32);
        let look = |bytes: &[u8], size: usize, hash: &str| looked_at(bytes, size as u64, hash, &said);
        assert_eq!(look(PDF, PDF.len(), &hash), Ok(()));
        assert_eq!(look(PDF, PDF.len() + 1, &hash), Err(AttachmentFault::Size));
        assert_eq!(look(PDF, PDF.len(), &"00".repeat(32)), Err(AttachmentFault::Hash));
        for no_pdf in [b"MZ\x90\x00".as_slice(), b"<html>%PDF-1.7 %%EOF</html>", b"%PDF-1.7 cut short", b""] {
            assert_eq!(look(no_pdf, no_pdf.len(), &hash), Err(AttachmentFault::NoPdf));
        }
    }

    #[test]
    fn r13_names_are_of_pdfs_lead_nowhere_and_do_not_show_themselves() {
        assert_eq!(FileName::parse(" 渡辺 花子.PDF ").unwrap().as_str(), "渡辺 花子.PDF");
        for bad in ["", ".pdf", "a.exe", "../a.pdf", "a\\b.pdf", "a\n.pdf", "a.pdf.exe", "結果.ｐｄｆ"] {
            assert!(FileName::parse(bad).is_err(), "{bad}");
        }
        assert!(Sha256::parse("xyz").is_err() && Sha256::parse(&"g".repeat(64)).is_err());
        assert_eq!(format!("{:?}", FileName::parse("渡辺.pdf").unwrap()), "FileName(…)");
    }
}
