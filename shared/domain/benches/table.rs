//! What cutting a clinic's file into records and decoding it costs, per byte and per row, over rows of the usual layout.
//! `cargo bench -p domain --bench table`

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::table::{Decoder, Splitter};
use encoding_rs::SHIFT_JIS;

const SAMPLE: &str = include_str!("../fixtures/checkups.csv");
const CHUNK: usize = 256 * 1024;

/// A header and many rows; every cell in quotes, if asked.
fn file(rows: usize, quoted: bool) -> String {
    let line =
        |line: &str| if quoted { format!("\"{}\"\r\n", line.replace(',', "\",\"")) } else { format!("{line}\r\n") };
    let (header, body) = SAMPLE.split_once('\n').unwrap_or_default();
    let body: Vec<String> = body.lines().map(line).collect();
    std::iter::once(line(header)).chain(body.iter().cycle().take(rows).cloned()).collect()
}

/// How many cells there are, all of them touched.
fn cells(file: &[u8]) -> usize {
    let (mut splitter, mut decoder, mut cells) = (Splitter::new(), Decoder::new(None), 0);
    for chunk in file.chunks(CHUNK) {
        splitter.push(chunk);
        while let Some(raw) = splitter.next_record() {
            if let Ok(record) = raw.and_then(|raw| decoder.decode(raw)) {
                cells += record.iter().filter(|cell| !black_box(*cell).is_empty()).count();
            }
        }
    }
    cells
}

fn records(file: &[u8]) -> usize {
    let (mut splitter, mut records) = (Splitter::new(), 0);
    for chunk in file.chunks(CHUNK) {
        splitter.push(chunk);
        while let Some(raw) = splitter.next_record() {
            records += usize::from(black_box(raw).is_ok());
        }
    }
    records
}

fn table(criterion: &mut Criterion) {
    const ROWS: usize = 50_000;
    let utf8 = file(ROWS, false);
    let shift_jis = SHIFT_JIS.encode(&utf8).0.into_owned();
    let quoted = SHIFT_JIS.encode(&file(ROWS, true)).0.into_owned();
    let mut group = criterion.benchmark_group("table");
    group.sample_size(20);
    for (name, bytes) in [("utf8", utf8.as_bytes()), ("shift_jis", &shift_jis), ("shift_jis_quoted", &quoted)] {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("split/{name}"), |b| b.iter(|| records(black_box(bytes))));
        group.bench_function(format!("split_decode/{name}"), |b| b.iter(|| cells(black_box(bytes))));
    }
    group.finish();
}

criterion_group!(benches, table);
criterion_main!(benches);
