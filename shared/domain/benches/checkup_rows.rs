//! What one row of a clinic's file costs before it is sealed: reading, completing, judging, writing. The pipeline owes
//! 100,000 rows a second and core, so reading to judging has to stay under 4 µs.
//! `cargo bench -p domain --bench checkup_rows`

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::{
    checkup::{Subject, standard, stored::StoredResults},
    employee::Sex,
    intake::{Options, checkups::Layout},
};
use jiff::civil::date;

const FILE: &str = include_str!("../fixtures/checkups.csv");

fn rows(criterion: &mut Criterion) {
    let mut lines = FILE.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let records: Vec<_> = lines.collect();
    let options = Options::new(date(2026, 11, 23));
    let (Ok(layout), Ok(criteria)) = (Layout::recognise(&header, options.clone()), standard::criteria()) else {
        return;
    };
    let subject = Subject { sex: Sex::Female, age: 45 };

    let parse = |record: &[&str]| layout.parse(record.len(), |at| record[at]).row;
    let judge = |record: &[&str]| {
        let row = parse(record)?;
        Some(StoredResults::judged(row.results, row.clinic_overall, subject, &criteria).0)
    };
    let judged: Vec<_> = records.iter().filter_map(|record| judge(record)).collect();

    let mut group = criterion.benchmark_group("checkup_rows");
    group.throughput(Throughput::Elements(records.len() as u64));
    group.bench_function("parse", |b| b.iter(|| records.iter().filter_map(|r| parse(black_box(r))).count()));
    group.bench_function("parse_derive_judge", |b| {
        b.iter(|| records.iter().filter_map(|r| judge(black_box(r))).count());
    });
    group.bench_function("write_json", |b| {
        let mut json = Vec::with_capacity(2048);
        b.iter(|| {
            for stored in &judged {
                json.clear();
                let _ = serde_json::to_writer(&mut json, black_box(stored));
            }
            json.len()
        });
    });
    group.bench_function("canonical", |b| {
        b.iter(|| judged.iter().map(|stored| black_box(stored).canonical().len()).sum::<usize>());
    });
    let written: Vec<_> = judged.iter().filter_map(|stored| serde_json::to_vec(stored).ok()).collect();
    group.bench_function("read_json", |b| {
        b.iter(|| {
            written.iter().filter_map(|json| serde_json::from_slice::<StoredResults>(black_box(json)).ok()).count()
        });
    });
    group.finish();

    let recognise = || Layout::recognise(black_box(&header), options.clone()).is_ok();
    criterion.bench_function("recognise_header", |b| b.iter(recognise));
}

criterion_group!(benches, rows);
criterion_main!(benches);
