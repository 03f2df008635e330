//! What one row of a clinic's file costs until it is ready to be put: cut, decoded, read, judged, sealed, made an item. The importer owes 100,000 rows
//! a second and core, so that all of it has to stay under 10 µs.
//! `cargo bench -p store --bench checkup_rows`

use std::{hint::black_box, sync::Arc};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::{
    checkup::{Subject, criteria::Criteria, standard},
    employee::Sex,
    ids::{EmployeeId, ImportId, TenantId},
    intake::{Options, checkups::Layout},
    table::{Decoder, Record, Splitter},
    time::Jst,
};
use jiff::civil::date;
use store::{CheckupContent, CheckupSealer};
use vault::{Keyring, Lookup, Purpose};

const SAMPLE: &[u8] = include_bytes!("../../domain/fixtures/checkups.csv");
const ROWS: usize = 10_000;

/// A header, and many rows.
fn file() -> Vec<u8> {
    let mut lines = SAMPLE.split_inclusive(|byte| *byte == b'\n');
    let header = lines.next().unwrap_or_default();
    let rows: Vec<_> = lines.collect();
    std::iter::once(header).chain(rows.iter().copied().cycle().take(ROWS)).flatten().copied().collect()
}

/// Gives every record but the header to `row`, with the layout; counts what `row` does not refuse.
fn each(file: &[u8], row: impl Fn(&Layout, &Record<'_>) -> Option<()>) -> usize {
    let (mut splitter, mut decoder, mut layout, mut done) = (Splitter::new(), Decoder::new(None), None, 0);
    splitter.push(file);
    splitter.finish();
    while let Some(raw) = splitter.next_record() {
        let Ok(record) = raw.and_then(|raw| decoder.decode(raw)) else { continue };
        match &layout {
            None => {
                let header: Vec<_> = record.iter().collect();
                layout = Layout::recognise(&header, Options::new(date(2026, 11, 24))).ok();
            }
            Some(layout) => done += usize::from(row(layout, &record).is_some()),
        }
    }
    done
}

fn content(layout: &Layout, record: &Record<'_>, criteria: &Criteria) -> Option<CheckupContent> {
    let row = layout.parse(record.len(), |column| record.get(column)).row?;
    let subject = Subject { sex: Sex::Female, age: 45 };
    Some(CheckupContent::of_row(row, EmployeeId::from_bytes([7; 16]), subject, criteria, None).0)
}

fn rows(criterion: &mut Criterion) {
    let keyring = Arc::new(Keyring::for_tests(TenantId::from_bytes([1; 16]), Purpose::Health, [3; 32]));
    let (Ok(lookup), Ok(criteria), Ok(now)) =
        (Lookup::for_tests([4; 32]), standard::criteria(), "2026-11-24T10:00:00+09:00".parse::<Jst>())
    else {
        return;
    };
    let sealer = CheckupSealer::new(keyring, lookup, 4);
    let import = ImportId::from_bytes([8; 16]);
    let file = file();

    let mut group = criterion.benchmark_group("checkup_rows");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
    group.bench_function("cut_decode", |b| {
        b.iter(|| each(black_box(&file), |_, record| (!black_box(record).is_empty()).then_some(())));
    });
    group.bench_function("cut_decode_parse_judge", |b| {
        b.iter(|| each(black_box(&file), |layout, record| content(layout, record, &criteria).map(|_| ())));
    });
    group.bench_function("cut_decode_parse_judge_seal", |b| {
        b.iter(|| {
            each(black_box(&file), |layout, record| {
                let content = content(layout, record, &criteria)?;
                black_box(sealer.step(&content, 0, None, import, now)).ok().map(|_| ())
            })
        });
    });
    group.finish();
}

criterion_group!(benches, rows);
criterion_main!(benches);
