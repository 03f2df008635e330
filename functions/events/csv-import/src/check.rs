//! Checking: one streaming pass over the file. Every row against itself, against the file and against the register; what is left is a plan,
//! or a list of faults. Nothing is changed.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use authz::ImportRight;
use domain::{
    ids::EmployeeId,
    intake::{Fault, FaultCode},
    table::Position,
};
use store::{Chunk, DiscrepancyCause, Error, FileShape, Import, LayoutUsed, Outlook, Preview, Turn};

use crate::{
    Importer,
    faults::Faults,
    kinds::{Foreseen, Held, Layout, Register, Row},
    layouts::{self, Chosen},
    records::Records,
    source,
};

/// Rows that are held against the register at a time.
const BATCH: usize = 500;
/// How often the turn is kept while a long file is checked.
const KEEP_TURN: Duration = Duration::from_secs(10);

/// What a check found.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) faults: Faults,
    /// The file as a whole cannot be read.
    pub(crate) refused: bool,
    pub(crate) shape: Option<FileShape>,
    pub(crate) layout: Option<LayoutUsed>,
    pub(crate) rows: u64,
    pub(crate) waiting: u64,
    pub(crate) preview: Preview,
    pub(crate) chunks: u32,
}

/// Checks a file and writes the plan.
pub(crate) async fn file(
    importer: &Importer,
    turn: Turn,
    right: &ImportRight,
    import: &Import,
) -> Result<Checked, Error> {
    let object = import.object.as_ref().ok_or_else(|| Error::Internal("an import without its file".to_owned()))?;
    if object.size > importer.limits.largest_file {
        return Ok(Checked::below(1).refused(0, [Fault::new(FaultCode::FileTooLarge)]));
    }
    let source = match source::open(importer, object).await? {
        Ok(source) => source,
        Err(code) => return Ok(Checked::below(1).refused(0, [Fault::new(code)])),
    };
    let chosen = match layouts::chosen(importer, right, import, &source).await? {
        Ok(chosen) => chosen,
        Err(code) => return Ok(Checked::below(1).refused(0, [Fault::new(code)])),
    };
    let by = chosen.as_ref().map(|chosen| Arc::clone(&chosen.layout));
    let (header_row, data_row) = by.as_ref().map_or((1, 2), |by| (by.draft().header_row, by.draft().data_row));
    let mut checked = Checked::below(header_row);
    if let Some(Chosen { used, layout }) = chosen {
        importer.store.keep_import_layout(turn, import.id, &layout).await?;
        checked.layout = Some(used);
    }
    let sheet = by.as_ref().and_then(|by| by.draft().sheet.as_deref());
    let converted = match source.converted(importer, turn, right, import, sheet).await? {
        Ok(converted) => converted,
        Err(code) => return Ok(checked.refused(0, [Fault::new(code)])),
    };
    if converted == Some(0) {
        return Ok(checked.refused(0, [Fault::new(FaultCode::EmptyFile)]));
    }
    let mut records = Records::of_file(importer, right, import, converted, header_row).await?;
    let Some(header) = header(&mut records).await? else {
        return Ok(checked.refused(0, [Fault::new(FaultCode::EmptyFile)]));
    };
    let header = match header {
        Ok(header) => header,
        Err(code) => return Ok(checked.refused(header_row, [Fault::new(code)])),
    };
    let cells: Vec<&str> = header.iter().map(String::as_str).collect();
    let layout = match Layout::recognise(right.kind(), &cells, import, by, importer.store.clock().now().date()) {
        Ok(layout) => layout,
        Err(faults) => return Ok(checked.refused(header_row, faults)),
    };
    if !layout.header_faults().is_empty() {
        // Nothing of it will be applied, but all of it is looked at: everything is told at once.
        checked = checked.refused(header_row, layout.header_faults().iter().cloned());
    }
    let register = Register::open(&importer.store, right, import).await?;
    let mut pass = Pass {
        importer,
        turn,
        right,
        import,
        layout: &layout,
        register,
        plan: Plan::default(),
        batch: Vec::new(),
        seen: HashSet::new(),
        kept: Instant::now(),
        waiting: 0,
        preview: Preview::default(),
    };
    loop {
        while let Some(record) = records.next() {
            let row = record.as_ref().map_or_else(|fault| fault.start.row, |record| record.start.row);
            if row < data_row {
                continue;
            }
            checked.rows += 1;
            let read = match record {
                Ok(record) => {
                    let (row, faults) = layout.parse(&record);
                    Read { start: record.start, end: record.end, row, faults }
                }
                Err(fault) => {
                    Read { start: fault.start, end: fault.end, row: None, faults: vec![Fault::new(fault.code)] }
                }
            };
            pass.batch.push(read);
            if pass.batch.len() == BATCH {
                pass.settle(&mut checked.faults).await?;
            }
            let (most, code) = layout.most_rows(importer.limits.most_rows);
            if checked.rows > most {
                return Ok(checked.refused(0, [Fault::new(code)]));
            }
        }
        if !records.read_on().await? {
            break;
        }
    }
    if checked.rows == 0 {
        return Ok(checked.refused(0, [Fault::new(FaultCode::EmptyFile)]));
    }
    pass.settle(&mut checked.faults).await?;
    pass.close(&mut checked.faults).await?;
    checked.chunks = pass.plan.next;
    checked.waiting = pass.waiting;
    checked.preview = pass.preview;
    checked.shape = Some(records.shape(header, header_row, converted));
    Ok(checked)
}

impl Checked {
    /// Nothing yet, of a file whose header is in row `header_row`.
    fn below(header_row: u64) -> Self {
        Self {
            faults: Faults::below(header_row),
            refused: false,
            shape: None,
            layout: None,
            rows: 0,
            waiting: 0,
            chunks: 0,
            preview: Preview::default(),
        }
    }

    fn refused(mut self, row: u64, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults.note(row, faults);
        self.refused = true;
        self
    }
}

/// The first record; `None` where the file has none.
async fn header(records: &mut Records) -> Result<Option<Result<Vec<String>, FaultCode>>, Error> {
    loop {
        if let Some(record) = records.next() {
            return Ok(Some(
                record.map(|record| record.iter().map(str::to_owned).collect()).map_err(|fault| fault.code),
            ));
        }
        if !records.read_on().await? {
            return Ok(None);
        }
    }
}

/// A record, read by itself.
struct Read {
    start: Position,
    end: Position,
    row: Option<Row>,
    faults: Vec<Fault>,
}

struct Pass<'a> {
    importer: &'a Importer,
    turn: Turn,
    right: &'a ImportRight,
    import: &'a Import,
    layout: &'a Layout,
    register: Register,
    plan: Plan,
    batch: Vec<Read>,
    /// Keyed hashes of what each row is about. 128 bits: two different rows meet by accident in one file of 2 million with a probability under 10⁻²⁶.
    seen: HashSet<[u8; 16]>,
    kept: Instant,
    /// Rows that wait for a person.
    waiting: u64,
    preview: Preview,
}

/// What the plan notes of a row beside a version.
#[derive(Default)]
struct Marks {
    employee: Option<EmployeeId>,
    waits: Option<DiscrepancyCause>,
}

#[derive(Default)]
struct Plan {
    next: u32,
    open: Option<Chunk>,
}

impl Plan {
    /// Takes a row of the open chunk out of the plan. Only kinds whose rows hang together have faults at the end of the file, and they have one chunk.
    fn skip(&mut self, row: u64) {
        let Some(chunk) = &mut self.open else { return };
        let at = row.checked_sub(chunk.first_row).and_then(|at| usize::try_from(at).ok());
        if let Some(version) = at.and_then(|at| chunk.versions.get_mut(at)) {
            *version = None;
        }
    }
}

impl Pass<'_> {
    /// Holds the batch against the file and the register, and adds it to the plan.
    async fn settle(&mut self, faults: &mut Faults) -> Result<(), Error> {
        if self.kept.elapsed() > KEEP_TURN {
            self.importer.store.keep_turn(self.turn).await?;
            self.kept = Instant::now();
        }
        let mut batch = std::mem::take(&mut self.batch);
        for read in &mut batch {
            let Some(row) = &read.row else { continue };
            if !self.seen.insert(self.register.identity(row)) {
                read.faults.push(self.layout.duplicate());
                read.row = None;
            }
        }
        let rows: Vec<(u64, &Row)> =
            batch.iter().filter_map(|read| Some((read.start.row, read.row.as_ref()?))).collect();
        let mut found = self.register.check(&self.importer.store, self.right, self.layout, &rows).await?.into_iter();
        for read in batch {
            let Read { start, end, row, faults: mut noted } = read;
            let (mut version, mut marks) = (None, Marks::default());
            if row.is_some()
                && let Some(held) = found.next()
            {
                let good = !held.is_refused();
                if good && held.waits.is_none() {
                    self.foresee(&held);
                }
                version = Some(held.version).filter(|_| good && held.waits.is_none());
                marks = Marks { employee: held.employee.filter(|_| good), waits: held.waits };
                noted.extend(held.faults);
            }
            for fault in noted.iter().filter(|fault| fault.code == FaultCode::UnitConverted) {
                self.preview.converted(fault.header.as_deref().unwrap_or_default());
            }
            faults.note(start.row, noted);
            self.add(start, end, version, marks).await?;
        }
        Ok(())
    }

    fn foresee(&mut self, held: &Held) {
        match &held.foreseen {
            Some(Foreseen { outlook, letters }) => {
                self.preview.row(*outlook);
                for moved in letters {
                    self.preview.letter(*moved);
                }
            }
            None => self.preview.row(if held.version == 0 { Outlook::New } else { Outlook::Changed }),
        }
    }

    /// Adds a row to the open chunk, and writes the chunk when it is full.
    async fn add(&mut self, start: Position, end: Position, version: Option<u64>, marks: Marks) -> Result<(), Error> {
        let number = self.plan.next;
        let chunk = self.plan.open.get_or_insert_with(|| Chunk {
            number,
            start: start.offset,
            end: end.offset,
            first_row: start.row,
            first_line: start.line,
            versions: Vec::new(),
            found: Vec::new(),
            waiting: Vec::new(),
        });
        chunk.end = end.offset;
        chunk.versions.push(version);
        chunk.found.extend(marks.employee.map(|employee| (start.row, employee)));
        chunk.waiting.extend(marks.waits.map(|cause| (start.row, cause)));
        self.waiting += u64::from(marks.waits.is_some());
        if chunk.versions.len() >= self.layout.chunk_rows(self.importer.limits.chunk_rows) {
            self.write_chunk().await?;
        }
        Ok(())
    }

    async fn write_chunk(&mut self) -> Result<(), Error> {
        if let Some(chunk) = self.plan.open.take() {
            self.importer.store.plan_chunk(self.turn, self.import.id, &chunk).await?;
            self.plan.next += 1;
        }
        Ok(())
    }

    /// The end of the file: what can only be told of all rows together, and the last chunk.
    async fn close(&mut self, faults: &mut Faults) -> Result<(), Error> {
        for (row, fault) in self.register.close(self.layout) {
            faults.note(row, [fault]);
            self.plan.skip(row);
        }
        self.write_chunk().await
    }
}
