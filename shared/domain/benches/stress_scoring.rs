//! What scoring one person costs, read from its compact form, by both methods: a company of a million is owed within a second and core. And what it takes to add a person to a group, and to
//! decide which groups of 100,000 people in 1,000 departments are published.
//! `cargo bench -p domain --bench stress_scoring`

use std::{collections::BTreeSet, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::{
    employee::Sex,
    ids::{DepartmentId, LabelId, WorkplaceId},
    organisation::Tree,
    stress::{
        analysis::Tally,
        answers::Answers,
        questionnaire::Questionnaire,
        scales::Columns,
        scoring::{Criteria, Method, score},
        suppression::{AgeBand, Place, published},
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
    group.bench_function("tally", |b| {
        b.iter(|| {
            let mut tally = Tally::default();
            people.iter().filter(|answers| tally.add(black_box(answers), Columns::Male)).count()
        });
    });
    group.finish();
}

fn bytes(n: usize) -> [u8; 16] {
    (n as u128).to_be_bytes()
}

/// 100,000 people in 1,000 departments of 10 workplaces, with 50 labels.
fn deciding(criterion: &mut Criterion) {
    let department = |n: usize| DepartmentId::from_bytes(bytes(n));
    let departments = (0..1_000).map(|n| (department(n), (n >= 10).then(|| department(n / 10))));
    let Ok(tree) = Tree::new(departments) else { return };
    let tree = tree.labelled((0..200).map(|n| (department(n * 5), LabelId::from_bytes(bytes(n % 50)))));
    let classes: Vec<(Place, u32)> = (0..100_000)
        .map(|n| {
            let place = Place {
                workplace: Some(WorkplaceId::from_bytes(bytes(n % 1_000 % 10))),
                department: Some(department(n % 1_000)),
                labels: BTreeSet::new(),
                sex: if n / 1_000 % 3 == 0 { Sex::Female } else { Sex::Male },
                age: Some(AgeBand::ALL[n / 1_000 % 6]),
            };
            (place, 1)
        })
        .collect();
    criterion.bench_function("groups_of_100_000", |b| b.iter(|| published(black_box(&classes), &tree).len()));
}

criterion_group!(benches, scoring, deciding);
criterion_main!(benches);
