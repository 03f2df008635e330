//! What one row of a clinic's file costs until it is ready to be put: through the importer's own code, without any I/O.
//! CPU time of one thread, so that whatever else runs on the machine is not in it.

use std::hint::black_box;
use std::sync::Arc;

use domain::checkup::{Subject, criteria::Criteria, standard};
use domain::employee::Sex;
use domain::ids::{EmployeeId, ImportId, TenantId};
use domain::intake::checkups::{CheckupRow, Layout};
use domain::intake::{Options, Parsed};
use domain::table::{Decoder, Record, Splitter};
use domain::time::Jst;
use store::{CheckupContent, CheckupSealer};
use tests::imports::CHECKUPS_2026;
use vault::{Keyring, Lookup, Purpose};

use crate::Error;
use crate::figures::{self, Sample};
use crate::process::own_cpu_time;

/// Rows of the file: the sample file's, repeated.
const ROWS: u32 = 10_000;
/// Bytes that come in at a time, as S3 hands them on.
const CHUNK: usize = 64 * 1024;
/// Passes over the file before anything is measured, and measured ones.
const WARM_UP: usize = 3;
const PASSES: usize = 30;
/// Rows that one core owes in a second.
const BAR: f64 = 100_000.0;

/// Prints the table.
pub(crate) fn print() -> Result<(), Error> {
    let bench = Bench::new()?;
    let cells = bench.cells();
    let rows: Vec<CheckupRow> = bench.rows();
    let contents: Vec<CheckupContent> = rows.iter().map(|row| bench.judge(row.clone())).collect();
    let stages = [
        ("cut and decode (Shift_JIS)", measure(|| bench.cut(|_, record| black_box(record.len())))?),
        ("parse", measure(|| cells.iter().map(|cells| parsed_len(&bench.parse_cells(black_box(cells)))).sum())?),
        ("judge", measure_with(|| rows.clone(), |rows| rows.into_iter().map(|row| judged(&bench.judge(row))).sum())?),
        ("seal", measure(|| contents.iter().map(|content| bench.seal(black_box(content))).sum())?),
        ("**parse, judge and seal**", measure(|| cells.iter().map(|cells| bench.parse_judge_seal(cells)).sum())?),
        ("cut, decode, parse, judge: a check", measure(|| bench.cut(|layout, record| bench.check(layout, &record)))?),
        ("all of it: an application", measure(|| bench.cut(|layout, record| bench.apply(layout, &record)))?),
    ];
    let per_row = |seconds: f64| seconds / f64::from(ROWS);
    let row = |(name, sample): &(&str, Sample)| {
        let (low, high) = sample.quartiles();
        vec![
            (*name).to_owned(),
            figures::time(per_row(sample.median())),
            format!("{} – {}", figures::time(per_row(low)), figures::time(per_row(high))),
            figures::thousands(per_row(sample.median()).recip()),
        ]
    };
    let headings = ["stage", "a row (median)", "middle half", "rows per second and core"];
    println!("{}", figures::table(&headings, &stages.iter().map(row).collect::<Vec<_>>()));
    let reached = per_row(stages[4].1.median()).recip();
    let verdict = if reached >= BAR { "holds" } else { "does not hold" };
    println!("Parse, judge and seal at {} rows per second and core: {verdict}.", figures::thousands(BAR));
    Ok(())
}

/// CPU time of each of many passes.
fn measure(mut pass: impl FnMut() -> usize) -> Result<Sample, Error> {
    measure_with(|| (), |()| pass())
}

/// The same, of passes that use up what is made for each beforehand.
fn measure_with<T>(make: impl Fn() -> T, mut pass: impl FnMut(T) -> usize) -> Result<Sample, Error> {
    let mut times = Vec::with_capacity(PASSES);
    for number in 0..WARM_UP + PASSES {
        let made = make();
        let before = own_cpu_time()?;
        let done = black_box(pass(made));
        let took = own_cpu_time()?.saturating_sub(before);
        if done == 0 {
            return Err("no row came through: the sample file and its layout do not fit".into());
        }
        if number >= WARM_UP {
            times.push(took);
        }
    }
    Ok(times.into_iter().collect())
}

fn parsed_len(parsed: &Parsed<CheckupRow>) -> usize {
    usize::from(black_box(parsed).row.is_some())
}

fn judged(content: &CheckupContent) -> usize {
    usize::from(black_box(content).examined_on.year() > 0)
}

/// Everything that a row meets on its way.
struct Bench {
    file: Vec<u8>,
    layout: Layout,
    options: Options,
    criteria: Criteria,
    sealer: CheckupSealer,
    employee: EmployeeId,
    import: ImportId,
    now: Jst,
}

impl Bench {
    fn new() -> Result<Self, Error> {
        let now: Jst = "2026-11-24T10:00:00+09:00".parse()?;
        let options = Options::new(now.date());
        let mut lines = CHECKUPS_2026.split_inclusive(|byte| *byte == b'\n');
        let header = lines.next().ok_or("the sample file is empty")?;
        let rows: Vec<&[u8]> = lines.collect();
        let body = rows.iter().copied().cycle().take(usize::try_from(ROWS)?);
        let file: Vec<u8> = std::iter::once(header).chain(body).flatten().copied().collect();
        let header = encoding_rs::SHIFT_JIS.decode(header).0.trim_end().to_owned();
        let header: Vec<&str> = header.split(',').collect();
        let layout =
            Layout::recognise(&header, options.clone()).map_err(|_| "the sample file's header is not known")?;
        let keyring = Arc::new(Keyring::for_tests(TenantId::from_bytes([1; 16]), Purpose::Health, [3; 32]));
        Ok(Self {
            file,
            layout,
            options,
            criteria: standard::criteria()?,
            sealer: CheckupSealer::new(keyring, Lookup::for_tests([4; 32])?, 4),
            employee: EmployeeId::from_bytes([7; 16]),
            import: ImportId::from_bytes([8; 16]),
            now,
        })
    }

    /// Cuts the file into records and hands each but the header on; the sum of what is made of them.
    fn cut(&self, mut each: impl FnMut(&Layout, Record<'_>) -> usize) -> usize {
        let (mut splitter, mut decoder, mut layout, mut sum) = (Splitter::new(), Decoder::new(None), None, 0);
        let mut chunks = black_box(&self.file).chunks(CHUNK);
        loop {
            while let Some(raw) = splitter.next_record() {
                let Ok(record) = raw.and_then(|raw| decoder.decode(raw)) else { continue };
                if let Some(layout) = &layout {
                    sum += each(layout, record);
                } else {
                    let header: Vec<&str> = record.iter().collect();
                    layout = Layout::recognise(&header, self.options.clone()).ok();
                }
            }
            match chunks.next() {
                Some(chunk) => splitter.push(chunk),
                None => return sum,
            }
        }
    }

    /// Every row as cells.
    fn cells(&self) -> Vec<Vec<String>> {
        let mut cells = Vec::new();
        self.cut(|_, record| {
            cells.push(record.iter().map(str::to_owned).collect());
            1
        });
        cells
    }

    /// Every row, parsed.
    fn rows(&self) -> Vec<CheckupRow> {
        self.cells().iter().filter_map(|cells| self.parse_cells(cells).row).collect()
    }

    fn parse_cells(&self, cells: &[String]) -> Parsed<CheckupRow> {
        self.layout.parse(cells.len(), |at| &cells[at])
    }

    fn judge(&self, row: CheckupRow) -> CheckupContent {
        // The sample file does not say who the people are.
        let subject = Subject { sex: Sex::Female, age: 45 };
        CheckupContent::of_row(row, self.employee, subject, &self.criteria, None).0
    }

    fn seal(&self, content: &CheckupContent) -> usize {
        usize::from(black_box(self.sealer.step(content, 0, None, self.import, self.now)).is_ok())
    }

    fn parse_judge_seal(&self, cells: &[String]) -> usize {
        let row = self.parse_cells(black_box(cells)).row;
        row.map_or(0, |row| self.seal(&self.judge(row)))
    }

    /// What a check does with a record.
    fn check(&self, layout: &Layout, record: &Record<'_>) -> usize {
        let row = layout.parse(record.len(), |at| record.get(at)).row;
        row.map_or(0, |row| judged(&self.judge(row)))
    }

    /// What an application does with a record.
    fn apply(&self, layout: &Layout, record: &Record<'_>) -> usize {
        let row = layout.parse(record.len(), |at| record.get(at)).row;
        row.map_or(0, |row| self.seal(&self.judge(row)))
    }
}
