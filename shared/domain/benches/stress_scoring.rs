//! What scoring one person costs, read from its compact form, by both methods: a company of a million is owed within a second and core.
//! `cargo bench -p domain --bench stress_scoring`

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::{
    employee::Sex,
    stress::{
        answers::Answers,
        questionnaire::Questionnaire,
        scoring::{Criteria, Method, score},
    },
};

const PEOPLE: u32 = 1_000;

/// Answers that differ from person to person, the same in every run.
fn texts() -> Vec<String> {
    let mut state: u32 = 42;
    let mut code = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ['1', '2', '3', '4'][(state >> 30) as usize]
    };
    (0..PEOPLE).map(|_| (0..57).map(|_| code()).collect()).collect()
}

fn scoring(criterion: &mut Criterion) {
    let texts = texts();
    let people: Vec<Answers> = texts.iter().filter_map(|text| Answers::from_compact(text).ok()).collect();
    let mut group = criterion.benchmark_group("stress_scoring");
    group.throughput(Throughput::Elements(PEOPLE.into()));
    group.bench_function("read", |b| {
        b.iter(|| texts.iter().filter(|text| Answers::from_compact(black_box(text)).is_ok()).count());
    });
    for (name, method) in [("sum", Method::Sum), ("conversion", Method::Conversion)] {
        let Some(criteria) = Criteria::standard(Questionnaire::Standard, method) else { return };
        group.bench_function(name, |b| {
            b.iter(|| {
                let high = |answers: &&Answers| {
                    score(black_box(answers), &criteria, Sex::Female).is_ok_and(|score| score.verdict.is_high())
                };
                people.iter().filter(high).count()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, scoring);
criterion_main!(benches);
