//! How long a seal and an opening take: `cargo bench -p vault`. An import seals a row of about 700 bytes per person.
#![expect(clippy::expect_used, reason = "a benchmark may stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::ids::TenantId;
use vault::{Keyring, Place, Purpose};

fn seal(criterion: &mut Criterion) {
    let tenant = TenantId::from_bytes([3; 16]);
    let keyring = Keyring::for_tests(tenant, Purpose::Health, [7; 32]);
    let key = format!(
        "T#{tenant}#EMP#emp_0198d3c0a1b27f3e8c4d5e6f708192a3|CHK#2026-04-01#chk_0198d3c0a1b27f3e8c4d5e6f70819200"
    );
    let place = Place { store: "records", tenant, key: &key, attribute: "sealed" };
    let mut group = criterion.benchmark_group("envelope");
    for size in [200, 700, 4096] {
        let plain = vec![0x41; size];
        let sealed = keyring.seal(&place, &plain).expect("seals");
        group.throughput(Throughput::Bytes(size as u64));
        group
            .bench_function(format!("seal/{size}"), |bencher| bencher.iter(|| keyring.seal(&place, black_box(&plain))));
        group.bench_function(format!("open/{size}"), |bencher| {
            bencher.iter(|| keyring.open(&place, black_box(&sealed)));
        });
    }
    group.finish();
}

criterion_group!(benches, seal);
criterion_main!(benches);
