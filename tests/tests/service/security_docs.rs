//! What the security documents claim can be looked up: every test and every file that they name is there, no requirement is left out, and none is called met without
//! anything that shows it.
//!
//! In the documents a test is written as `test:` and the name of its function, a file as `file:` and its path from the root of the repository, both in backticks.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The pages, from the root.
const THREATS: &str = "docs/security/threat-model.md";
const ASVS: &str = "docs/security/asvs.md";
const IPA: &str = "docs/security/ipa-checklist.json";
const REQUIREMENTS: &str = "docs/requirements.md";

/// How many requirements each section of OWASP ASVS 5.0.0, V6 to V10, has at levels 1 and 2: in every section they come first, and are numbered without gap. V6.7
/// has none.
const SECTIONS: &[(&str, u8)] = &[
    ("V6.1", 3),
    ("V6.2", 12),
    ("V6.3", 4),
    ("V6.4", 4),
    ("V6.5", 5),
    ("V6.6", 3),
    ("V6.8", 4),
    ("V7.1", 3),
    ("V7.2", 4),
    ("V7.3", 2),
    ("V7.4", 5),
    ("V7.5", 2),
    ("V7.6", 2),
    ("V8.1", 2),
    ("V8.2", 3),
    ("V8.3", 1),
    ("V8.4", 1),
    ("V9.1", 3),
    ("V9.2", 4),
    ("V10.1", 2),
    ("V10.2", 2),
    ("V10.3", 4),
    ("V10.4", 11),
    ("V10.5", 5),
    ("V10.6", 2),
    ("V10.7", 3),
];

/// How many checks each class of the checklist of 安全なウェブサイトの作り方 (7th edition) has, in its own numbering.
const CHECKS: [&[&str]; 11] = [
    &["(i)-a", "(i)-b", "(ii)", "(iii)", "(iv)"],
    &["(i)", "(ii)"],
    &["(i)-a", "(i)-b", "(ii)", "(iii)"],
    &["(i)", "(ii)", "(iii)", "(iv)-a", "(iv)-b", "(v)", "(vi)"],
    &["(i)", "(ii)", "(iii)", "(iv)", "(v)", "(vi)", "(vii)", "(viii)", "(ix)", "(x)"],
    &["(i)-a", "(i)-b", "(i)-c", "(ii)"],
    &["(i)-a", "(i)-b", "(ii)"],
    &["(i)-a", "(i)-b", "(ii)", "(iii)"],
    &["(i)-a", "(i)-b", "(ii)"],
    &["(i)-a", "(i)-b", "(ii)"],
    &["(i)", "(ii)"],
];

/// The rows of `docs/requirements.md` that this edition of the service shows in full.
const SHOWN: &[&str] = &[
    "R-01", "R-02", "R-03", "R-04", "R-05", "R-06", "R-07", "R-08", "R-09", "R-10", "R-11", "R-12", "R-13", "R-14",
    "R-15", "R-16", "R-17", "R-18", "R-19", "R-21", "R-22", "R-23", "R-25", "R-26", "R-27", "R-28", "R-29", "R-30",
    "R-31", "R-32", "R-38", "R-39", "R-40",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands in backticks behind `prefix`.
fn named<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.strip_prefix(prefix))
        .filter(|name| !name.is_empty())
        .collect()
}

/// The cells of every row of a page's tables that begins with a number like `V6.1.1`, `R-01` or `T-01`.
fn rows<'a>(text: &'a str, prefix: &str) -> Vec<Vec<&'a str>> {
    let cells = |line: &'a str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let rows = text.lines().filter(|line| line.starts_with('|')).map(cells);
    rows.filter(|row| row[0].strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
        .collect()
}

/// Every Rust file of the repository.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        let name = name.to_str().unwrap();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The names of all test functions, those inside `proptest!` among them.
fn tests() -> BTreeSet<String> {
    let mut files = Vec::new();
    for folder in ["functions", "infra", "shared", "tests"] {
        sources(&root().join(folder), &mut files);
    }
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let mut is_test = false;
        for line in text.lines().map(str::trim_start) {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
            if let (true, Some(name)) = (is_test, name) {
                names.insert(name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
                is_test = false;
            }
        }
    }
    names
}

#[test]
fn every_test_and_every_file_that_the_security_documents_name_is_there() {
    let tests = tests();
    let mut missing = Vec::new();
    for path in [THREATS, ASVS, REQUIREMENTS] {
        let text = page(path);
        let no_test = named(&text, "test:").into_iter().filter(|name| !tests.contains(*name));
        missing.extend(no_test.map(|name| format!("{path} names the test {name}")));
        let no_file = named(&text, "file:").into_iter().filter(|name| !root().join(name).exists());
        missing.extend(no_file.map(|name| format!("{path} names the file {name}")));
    }
    assert!(missing.is_empty(), "renamed or removed? say in the documents what shows it now: {missing:#?}");
}

#[test]
fn the_asvs_page_answers_every_requirement_of_level_2_once() {
    let text = page(ASVS);
    let mut answered = BTreeMap::new();
    for row in rows(&text, "V") {
        let &[number, level, _, state, shown_by] = row.as_slice() else {
            panic!("{} must have the columns number, level, what, state, shown by", row[0])
        };
        assert!(answered.insert(number, (level, state)).is_none(), "{number} stands there twice");
        match state {
            "met" => {
                assert!(shown_by.contains("`test:") || shown_by.contains("`file:"), "what shows that {number} is met?");
            }
            "partly" | "not met" | "not applicable" => assert!(!shown_by.is_empty(), "why is {number} {state}?"),
            other => panic!("{number}: {other:?} is no state: met, partly, not met or not applicable"),
        }
    }
    let mut counts = BTreeMap::new();
    for (section, last) in SECTIONS {
        for number in (1..=*last).map(|number| format!("{section}.{number}")) {
            let (level, state) = answered.get(number.as_str()).unwrap_or_else(|| panic!("{number} is not answered"));
            assert!(matches!(*level, "1" | "2"), "{number} is of level 1 or 2");
            *counts.entry(*state).or_insert(0) += 1;
        }
    }
    let count = |state| counts.get(state).copied().unwrap_or_default();
    let [met, partly, not_met, none] = ["met", "partly", "not met", "not applicable"].map(count);
    let all = format!("| all | {met} | {partly} | {not_met} | {none} |");
    assert!(text.contains(&all), "the table at the top should say: {all}");
}

#[test]
fn r27_every_check_of_the_checklist_is_answered_and_its_evidence_is_there() {
    let register: serde_json::Value = serde_json::from_str(&page(IPA)).unwrap();
    let items = register["items"].as_array().unwrap();
    let text = |item: &serde_json::Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let expected: Vec<_> =
        (1..).zip(CHECKS).flat_map(|(class, of)| of.iter().map(move |id| format!("{class}-{id}"))).collect();
    assert_eq!(
        items.iter().map(|item| text(item, "id")).collect::<Vec<_>>(),
        expected,
        "each once, in the checklist's order"
    );
    let tests = tests();
    for item in items {
        let id = text(item, "id");
        assert!(matches!(text(item, "kind").as_str(), "根本的解決" | "保険的対策"), "{id}: {}", item["kind"]);
        assert!(matches!(text(item, "state").as_str(), "対応済" | "未対応" | "対応不要"), "{id}: {}", item["state"]);
        assert!(
            !text(item, "check").is_empty() && !text(item, "how").is_empty(),
            "{id}: what is checked, and how is it met?"
        );
        let evidence: Vec<_> = item["evidence"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        assert!(!evidence.is_empty(), "what shows {id}?");
        for named in evidence {
            let there = match named.split_once(':') {
                Some(("test", name)) => tests.contains(name),
                Some(("file", path)) => root().join(path).exists(),
                _ => false,
            };
            assert!(there, "{id} names {named}, which is not there");
        }
    }
}

#[test]
fn every_threat_says_what_stands_against_it_and_who_accepts_what_remains() {
    let text = page(THREATS);
    let rows = rows(&text, "T-");
    assert!(rows.len() > 20, "the tables of threats should be found");
    for row in rows {
        let &[number, _, kinds, against, remains] = row.as_slice() else {
            panic!("{} must have the columns number, threat, STRIDE, against it, what remains", row[0])
        };
        assert!(!kinds.is_empty() && kinds.chars().all(|c| "STRIDE".contains(c)), "{number}: {kinds:?} is not STRIDE");
        assert!(against.contains("`test:") || against.contains("`file:"), "what stands against {number}?");
        assert!(remains == "nothing known" || remains.contains("Accepted by"), "who accepts what remains of {number}?");
    }
}

#[test]
fn every_requirement_is_shown_by_tests_that_carry_its_number() {
    let text = page(REQUIREMENTS);
    let rows: BTreeMap<&str, Vec<&str>> = rows(&text, "R-").into_iter().map(|row| (row[0], row)).collect();
    for number in SHOWN {
        let row = rows.get(number).unwrap_or_else(|| panic!("{number} has no row in {REQUIREMENTS}"));
        let mark = number.to_lowercase().replace('-', "");
        let tests: Vec<_> = row.iter().skip(2).flat_map(|cell| named(cell, "test:")).collect();
        assert!(!tests.is_empty(), "{number} is shown by no test");
        let others: Vec<_> = tests.into_iter().filter(|name| !name.split('_').any(|part| part == mark)).collect();
        assert!(others.is_empty(), "{number}: these do not carry {mark} in their names: {others:?}");
    }
}

/// Method and path of every operation that a text names as `METHOD /v1/…`, with the names of parameters left out.
fn operations_in(text: &str) -> BTreeSet<String> {
    let spans = text.split('`').skip(1).step_by(2);
    let named = spans
        .filter_map(|span| span.split_once(' '))
        .filter(|(method, _)| method.bytes().all(|b| b.is_ascii_uppercase()));
    let paths = named.filter(|(_, path)| path.starts_with("/v1/"));
    paths.map(|(method, path)| format!("{method} {}", without_names(path.split('?').next().unwrap_or(path)))).collect()
}

fn without_names(path: &str) -> String {
    path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect::<Vec<_>>().join("/")
}

#[test]
fn every_operation_that_a_runbook_names_is_there() {
    let there: BTreeSet<String> = crate::operations::contract()
        .iter()
        .map(|operation| format!("{} {}", operation.method, without_names(&operation.path)))
        .collect();
    let mut named = 0;
    for file in fs::read_dir(root().join("docs/runbooks")).unwrap() {
        let file = file.unwrap().path();
        for operation in operations_in(&fs::read_to_string(&file).unwrap()) {
            named += 1;
            assert!(there.contains(&operation), "{}: there is no {operation}", file.display());
        }
    }
    assert!(named > 5, "runbooks name operations as `GET /v1/…`");
}
