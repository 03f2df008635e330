//! How the files of an export come about, step by step. A step writes one part of one file at most, and then its request is stored with how far it is: a run that is killed leaves files
//! that nobody knows of, which go with the others, and the next one takes up where the last step ended. Two that run at once write under names of their own, and only one of them
//! is stored.

use std::{collections::BTreeSet, time::Instant};

use authz::{Permit, permission::WriteExports};
use domain::{export::Sheet, ids::TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::lines::{Of, Selection, TableFor};
use crate::{Error, Files, Store, Write, item::Stored};

/// How large a part is: with its encoding it must fit into an answer, which is 6 MB at most.
const PART_BYTES: usize = 4_000_000;
/// What says which files there are.
const MANIFEST: &str = "manifest.json";
/// After how many runs that failed nobody tries again.
const MOST_ATTEMPTS: u8 = 5;

/// A file that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeFile {
    /// Its name.
    pub name: String,
    /// How many lines it has, without its first one.
    pub rows: u64,
    /// How many characters its encoding does not have: each is marked by 〓.
    #[serde(default)]
    pub replaced: u64,
    /// How many bytes.
    pub bytes: u64,
    /// Their SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// The last part of the object's key: nobody can guess it.
    object: String,
}

impl MadeFile {
    /// A file that is no part of an export.
    pub(crate) fn of_one(name: &str, bytes: u64, sha256: &str) -> Self {
        let (name, sha256) = (name.to_owned(), sha256.to_owned());
        Self { name, rows: 0, replaced: 0, bytes, sha256, object: String::new() }
    }
}

/// How far files are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Course {
    #[serde(default)]
    pub(crate) files: Vec<MadeFile>,
    /// Which of the kinds is next.
    #[serde(default)]
    kind: usize,
    /// Where in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    after: Option<String>,
    /// How many parts of it there are.
    #[serde(default)]
    parts: usize,
    /// Everything is written, and the manifest that says so.
    #[serde(default)]
    pub(crate) is_complete: bool,
}

impl Course {
    /// The hash of the manifest, which holds those of all other files.
    pub(crate) fn hash(&self) -> Option<&str> {
        self.files.last().filter(|_| self.is_complete).map(|manifest| manifest.sha256.as_str())
    }

    fn next_kind(&mut self) {
        self.kind += 1;
        self.parts = 0;
        self.after = None;
    }
}

/// Who asks for files: stored after each step, with how far they are.
pub(crate) trait Asks {
    /// How far the files are.
    fn course(&mut self) -> &mut Course;
    /// How many runs have failed.
    fn attempts(&mut self) -> &mut u8;
    /// What stores it in the place of `version`.
    fn stored(&self, store: &Store, version: u64) -> Result<Write, Error>;
}

/// What one run comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Every file is written.
    Complete,
    /// There is more to write.
    Unfinished,
    /// Too many runs have failed.
    Hopeless,
}

/// What a part is sealed with: whose health it shows, so that whoever takes it can be told of, and its bytes.
struct Opened {
    people: Vec<String>,
    bytes: Zeroizing<Vec<u8>>,
}

/// A file as somebody takes it away.
#[derive(Debug)]
pub struct TakenFile {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Whose health it shows.
    pub(crate) people: Vec<String>,
    /// The hash of its bytes.
    pub(crate) sha256: String,
}

impl TakenFile {
    /// A file that is about one person.
    pub(crate) fn of_one(name: &str, bytes: Zeroizing<Vec<u8>>, about: domain::ids::EmployeeId, sha256: &str) -> Self {
        Self { name: name.to_owned(), bytes, people: vec![about.to_string()], sha256: sha256.to_owned() }
    }
}

impl Store {
    /// Goes on with files while there is time. `told` finds out which records are written, and what the manifest says beside the files. A run that fails counts, and the fifth is
    /// the last; but what passes is tried again as long as it takes, and what another run has stored meanwhile is that one's.
    pub(crate) async fn go_on<A: Asks>(
        &self,
        permit: &Permit<WriteExports>,
        files: &Files,
        prefix: &str,
        told: impl Future<Output = Result<(Selection, Value), Error>>,
        asks: &mut Stored<A>,
        until: Instant,
    ) -> Result<Progress, Error> {
        let error = match self.take_steps(permit, files, prefix, told, asks, until).await {
            Err(error) if !matches!(error, Error::Unavailable(_) | Error::Stale) => error,
            passing => return passing,
        };
        let attempts = asks.record.attempts();
        *attempts = attempts.saturating_add(1);
        let attempts = *attempts;
        tracing::error!(files = prefix, attempts, %error, "files failed");
        if attempts >= MOST_ATTEMPTS {
            return Ok(Progress::Hopeless);
        }
        asks.record.stored(self, asks.version)?.commit_unaudited(self).await?;
        Err(error)
    }

    async fn take_steps<A: Asks>(
        &self,
        permit: &Permit<WriteExports>,
        files: &Files,
        prefix: &str,
        told: impl Future<Output = Result<(Selection, Value), Error>>,
        asks: &mut Stored<A>,
        until: Instant,
    ) -> Result<Progress, Error> {
        let (selection, about) = told.await?;
        while !asks.record.course().is_complete {
            if Instant::now() >= until {
                return Ok(Progress::Unfinished);
            }
            let course = asks.record.course().clone();
            *asks.record.course() = self.write_on(permit, files, prefix, (&selection, &about), course, until).await?;
            // A step of the job's: what it comes to has its event.
            asks.record.stored(self, asks.version)?.commit_unaudited(self).await?;
            asks.version += 1;
        }
        Ok(Progress::Complete)
    }

    /// Takes one step: up to a part of a file, the end of a kind, or `until`. `about` is what the manifest says beside the files.
    async fn write_on(
        &self,
        permit: &Permit<WriteExports>,
        files: &Files,
        prefix: &str,
        (selection, about): (&Selection, &Value),
        mut course: Course,
        until: Instant,
    ) -> Result<Course, Error> {
        let tenant = permit.tenant();
        let Some(of) = selection.at(course.kind) else {
            let manifest = manifest(selection, about, &course)?;
            let name = MANIFEST.to_owned();
            let part = Sealing { name, rows: 0, replaced: 0, bytes: manifest, people: BTreeSet::new() };
            course.files.push(self.seal_part(files, tenant, prefix, part).await?);
            course.is_complete = true;
            return Ok(course);
        };
        let (mut sheet, mut people) = (of.sheet(selection.format), BTreeSet::new());
        loop {
            let page =
                self.page_of_lines((permit.tenant(), permit.reach()), selection, of, course.after.take()).await?;
            for line in page.lines {
                if sheet.len() >= PART_BYTES {
                    let full = std::mem::replace(&mut sheet, of.sheet(selection.format));
                    let shown = std::mem::take(&mut people);
                    self.keep_part(files, tenant, prefix, selection, &mut course, full, shown).await?;
                }
                sheet.row(&line.cells);
                people.extend(line.about.map(|employee| employee.to_string()));
            }
            course.after = page.next;
            let is_over = course.after.is_none();
            if is_over || sheet.len() >= PART_BYTES / 2 || Instant::now() >= until {
                // A kind of which there is nothing has a file that says so.
                if !sheet.is_empty() || (is_over && course.parts == 0) {
                    self.keep_part(files, tenant, prefix, selection, &mut course, sheet, people).await?;
                }
                if is_over {
                    course.next_kind();
                }
                return Ok(course);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what belongs to a part of a file, in one place")]
    async fn keep_part(
        &self,
        files: &Files,
        tenant: TenantId,
        prefix: &str,
        selection: &Selection,
        course: &mut Course,
        sheet: Sheet,
        people: BTreeSet<String>,
    ) -> Result<(), Error> {
        let of = selection.at(course.kind).map_or("", Of::name);
        course.parts += 1;
        let name = format!("{of}-{}.{}", course.parts, selection.format.extension());
        let (rows, replaced) = (sheet.rows(), sheet.replaced());
        let bytes = sheet.into_bytes().map_err(|error| Error::Internal(error.to_string()))?;
        let part = Sealing { name, rows, replaced, bytes: Zeroizing::new(bytes), people };
        course.files.push(self.seal_part(files, tenant, prefix, part).await?);
        Ok(())
    }

    async fn seal_part(&self, files: &Files, tenant: TenantId, prefix: &str, part: Sealing) -> Result<MadeFile, Error> {
        let Sealing { name, rows, replaced, bytes, people } = part;
        let (sha256, length) = (hex_of_hash(&bytes), bytes.len() as u64);
        let mut plain = Zeroizing::new(serde_json::to_vec(&people)?);
        plain.push(b'\n');
        plain.extend_from_slice(&bytes);
        let object = self.random_text::<18>()?;
        self.seal_file(files, tenant, &format!("{prefix}{object}"), &plain).await?;
        Ok(MadeFile { name, rows, replaced, bytes: length, sha256, object })
    }

    /// Opens a file, whose bytes must be those that were made.
    pub(crate) async fn take_file(
        &self,
        files: &Files,
        tenant: TenantId,
        prefix: &str,
        made: &MadeFile,
    ) -> Result<TakenFile, Error> {
        let plain = self.open_file(files, tenant, &format!("{prefix}{}", made.object)).await?;
        let Opened { people, bytes } = opened(&plain)?;
        if hex_of_hash(&bytes) != made.sha256 {
            return Err(Error::Internal("a file is not what was made".to_owned()));
        }
        Ok(TakenFile { name: made.name.clone(), bytes, people, sha256: made.sha256.clone() })
    }
}

struct Sealing {
    name: String,
    rows: u64,
    replaced: u64,
    bytes: Zeroizing<Vec<u8>>,
    people: BTreeSet<String>,
}

fn opened(plain: &[u8]) -> Result<Opened, Error> {
    let end = plain.iter().position(|byte| *byte == b'\n');
    let (people, bytes) = end.map_or((plain, [].as_slice()), |end| (&plain[..end], &plain[end + 1..]));
    Ok(Opened { people: serde_json::from_slice(people)?, bytes: Zeroizing::new(bytes.to_vec()) })
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn hex_of_hash(bytes: &[u8]) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let digits = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// What says which files there are, with their hashes and how many lines each has, and for how long the law wants what is in them to be kept.
fn manifest(selection: &Selection, about: &Value, course: &Course) -> Result<Zeroizing<Vec<u8>>, Error> {
    let of_kind = |of: Of<'_>| {
        let prefix = format!("{}-", of.name());
        let files = course.files.iter().filter(|file| {
            file.name.strip_prefix(&prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        });
        let files: Vec<_> = files.collect();
        let (japanese, source, kept) = match of {
            Of::Kind(kind) => (kind.row().japanese, kind.row().source, kind.row().kept),
            // What is kept is kept in the service; this is a copy of it.
            Of::Table(of) => {
                let name = match of {
                    TableFor::Checkups(_) => "健康診断の一覧表",
                    TableFor::Interviews(_) => "面談・面接指導の一覧表",
                };
                (name, "依頼者が閲覧できる範囲の写し", [].as_slice())
            }
        };
        let kept: Vec<_> = kept
            .iter()
            .map(|kept| {
                let kept = kept.row();
                json!({ "記録": kept.japanese, "保存年数": kept.minimum_years, "根拠": kept.source })
            })
            .collect();
        json!({
            "種別": japanese, "name": of.name(), "件数": files.iter().map(|file| file.rows).sum::<u64>(),
            "根拠": source, "法定保存期間": kept,
            "files": files.iter().map(|file| json!({
                "name": file.name, "rows": file.rows, "replaced": file.replaced, "bytes": file.bytes, "sha256": file.sha256,
            })).collect::<Vec<_>>(),
        })
    };
    let kinds: Vec<_> = (0..).map_while(|place| selection.at(place)).map(of_kind).collect();
    let manifest = json!({ "about": about, "format": selection.format, "kinds": kinds });
    Ok(Zeroizing::new(serde_json::to_vec_pretty(&manifest)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r20_a_part_says_whose_health_it_shows_and_its_bytes_are_as_they_were() {
        let Opened { people, bytes } = opened(b"[\"emp_1\"]\n\"a\"\r\nb\n").unwrap();
        assert_eq!((people, bytes.as_slice()), (vec!["emp_1".to_owned()], b"\"a\"\r\nb\n".as_slice()));
        assert!(opened(b"no list\nx").is_err());
    }

    #[test]
    fn a_hash_is_sha_256_in_digits() {
        assert_eq!(hex_of_hash(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
