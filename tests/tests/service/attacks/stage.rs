//! Where all attacks happen: a customer of their own in the shared world, somebody for every role, and what must hold of every answer.

use std::collections::BTreeMap;

use authz::matrix::{Cell, MATRIX, Row};
use authz::{ImportKind, PermissionId, Role};
use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use tests::imports::{CHECKUPS_2026, DEPARTMENTS, EMPLOYEES, csv_rows, settled, start, upload};
use tests::{Actor, Answer, Tenant, World, anonymous};
use tokio::sync::OnceCell;

use crate::kiosk::{self, BORN, NUMBER};
use crate::operations::{Opening, Operation, contract, never_was};
use crate::stress_checks::opened;

/// The headers that every answer carries. The reference has a policy of its own, and may be kept.
const SECURITY: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'"),
    ("strict-transport-security", "max-age="),
];
/// Words of the inside, which no answer that refuses says.
const INNARDS: [&str; 9] = [
    "panicked",
    "ynamo",
    "arn:aws",
    ".rs:",
    "serde",
    "ConditionalCheck",
    "SELECT ",
    "backtrace",
    "ValidationException",
];
/// One stage for each class: who fails too often while they confirm something is locked, and must not be that for the next class.
static STAGES: [OnceCell<Stage>; 12] = [const { OnceCell::const_new() }; 12];
/// Shorter texts could stand anywhere.
const TELLING: usize = 6;

/// A customer under attack, with everybody who can ask.
pub(super) struct Stage {
    pub(super) tenant: Tenant,
    /// By role; each signed in.
    people: BTreeMap<Role, Actor>,
    /// Somebody without an account, at a shared terminal.
    at_terminal: Actor,
    /// Nobody in particular.
    pub(super) stranger: Actor,
}

/// What became of a walk.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) requests: usize,
    /// How often each status came.
    pub(super) statuses: BTreeMap<u16, usize>,
}

impl Stage {
    /// The stage of a class of the checklist, by its number.
    pub(super) async fn of(class: u8) -> &'static Self {
        STAGES[usize::from(class)].get_or_init(|| Self::set(class)).await
    }

    /// A new customer. Each class attacks from an address of its own (`203.0.113.0/24` is nobody's): failures slow down nobody else.
    async fn set(class: u8) -> Self {
        let world = World::shared().await;
        let tenant = world.another_tenant().await;
        let address = format!("203.0.113.{class}");
        let mut people = BTreeMap::new();
        for role in Role::ALL {
            let actor = tenant.somebody(role).await;
            // Operators are let in from their own networks alone.
            let actor = if role == Role::Operator { actor } else { actor.from_address(&address) };
            actor.token().await;
            people.insert(role, actor);
        }
        let stranger = anonymous(&world).from_address(&address);
        let round = opened(&tenant).await;
        let code = kiosk::on(&tenant.actor("stress_clerk"), &round).await;
        let at_terminal = kiosk::at_terminal(&tenant, &code, NUMBER, BORN).await.from_address(&address);
        Self { tenant, people, at_terminal, stranger }
    }

    pub(super) fn world(&self) -> &World {
        self.tenant.world()
    }

    pub(super) fn somebody(&self, role: Role) -> &Actor {
        &self.people[&role]
    }

    /// Who may call an operation. The operator is everybody's: they do nothing to their own account here, which others use too.
    pub(super) fn callers(&self, operation: &Operation) -> Vec<&Actor> {
        let Some(row) = operation.row else { return vec![&self.stranger] };
        if row.permission == PermissionId::AnswerAtKiosk {
            return vec![&self.at_terminal];
        }
        let may = |role: &Role| may_ask(row, *role) && !(*role == Role::Operator && row.is_about_the_account());
        self.people.iter().filter(|(role, _)| may(role)).map(|(_, actor)| actor).collect()
    }

    /// Sends payloads through every opening of every operation, those who may call and the payloads taking turns, and looks at every answer.
    pub(super) async fn attack(&self, payloads: &[&str]) -> Walked {
        let mut walked = Walked::default();
        for operation in contract() {
            let callers = self.callers(&operation);
            assert!(!callers.is_empty(), "nobody may call {}", operation.id);
            let openings = &operation.openings;
            // Each opening gets a payload, and each role its turn.
            let rounds = if openings.is_empty() { 0 } else { openings.len().max(callers.len()) };
            for round in 0..rounds {
                let opening = &openings[round % openings.len()];
                let payload = payloads[(walked.requests + round) % payloads.len()];
                let Some(request) = aimed(&operation, opening, payload) else { continue };
                let answer = request.send(&callers[round % callers.len()].fresh().await).await;
                let what = format!("{} with {payload:?} in {opening:?}", operation.id);
                harmless(&what, &answer, payload);
                *walked.statuses.entry(answer.status).or_default() += 1;
            }
            walked.requests += rounds;
        }
        assert!(walked.requests > 400, "the walk should go through the whole contract: {walked:?}");
        self.all_is_well().await;
        walked
    }

    /// Everybody is who they were, and the service answers.
    pub(super) async fn all_is_well(&self) {
        for (role, actor) in &self.people {
            let path = if *role == Role::ApiClient { "/v1/workplaces" } else { "/v1/me" };
            let answer = actor.get(path).await;
            assert_eq!(answer.status, 200, "the {} after the attack: {}", role.name(), answer.json());
        }
        assert_eq!(self.stranger.get("/v1/status").await.status, 200);
    }

    /// Puts every payload into every cell of a row of every kind of import. The job must come to an end of its own, and what it says of the faults must be harmless.
    pub(super) async fn attack_imports(&self, payloads: &[&str]) {
        let mut files = Vec::new();
        for (kind, row) in MATRIX.iter().filter_map(|row| Some((kind_of(row)?, row))) {
            let (_, actor) = self.people.iter().find(|(role, _)| row.cell(**role) == Cell::Scope).expect("an importer");
            let Some(sample) = sample(kind) else {
                // Answers of stress checks go into a round that is open to their importer, and nowhere else.
                let body = json!({ "kind": kind.name(), "file_name": "x.csv" });
                let answer = actor.post("/v1/imports", body).await;
                assert_eq!(answer.status, 422, "{} can be imported now: give its attacks a sample", kind.name());
                continue;
            };
            let rows = csv_rows(&sample);
            let (heading, model) = (&rows[0], &rows[1]);
            let mut file = line(heading);
            for column in 0..heading.len() {
                for payload in payloads {
                    let mut row = model.clone();
                    (*payload).clone_into(&mut row[column]);
                    file.push_str(&line(&row));
                }
            }
            // And where a heading belongs.
            let headings: String = payloads.iter().map(|payload| line(&[(*payload).to_owned()])).collect();
            files.extend([file, headings].map(|file| (actor, kind, file)));
        }
        join_all(files.iter().map(|(actor, kind, file)| self.import(actor, *kind, file, payloads))).await;
    }

    async fn import(&self, actor: &Actor, kind: ImportKind, file: &str, payloads: &[&str]) {
        let (id, url) = start(actor, kind.name(), json!({ "dry_run": true })).await;
        assert_eq!(upload(&url, file.as_bytes()).await, 200, "the upload of {} should be taken", kind.name());
        let import = settled(actor, &id).await;
        let state = import["state"].as_str().unwrap();
        assert!(matches!(state, "checked" | "rejected"), "{}: {import}", kind.name());
        let Some(errors) = import["errors_url"].as_str() else { return };
        let answer = actor.get(errors).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        for cell in csv_rows(text.trim_start_matches('\u{feff}')).into_iter().flatten() {
            assert!(!is_formula(&cell), "a spreadsheet would run {cell:?}");
        }
        for payload in payloads {
            harmless(&format!("the errors of an import of {}", kind.name()), &answer, payload);
        }
    }
}

/// A request with a payload in one of its places.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// An operation as it is meant, for things that never were.
    pub(super) fn of(operation: &Operation) -> Self {
        let mut headers = Vec::new();
        if operation.wants_etag {
            headers.push(("If-Match".to_owned(), "\"1\"".to_owned()));
        }
        let mut body = Vec::new();
        if let Some(json) = &operation.body {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
            body = json.to_string().into_bytes();
        }
        Self { method: operation.method.clone(), path: operation.path_with(never_was), headers, body }
    }

    /// The same, with a header instead of the one of that name.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends it byte for byte.
    pub(super) async fn send(&self, actor: &Actor) -> Answer {
        actor.send(&self.method, &self.path, &self.headers, self.body.clone()).await
    }
}

/// An operation with a payload in one opening; nothing where HTTP has no way to say it.
fn aimed(operation: &Operation, opening: &Opening, payload: &str) -> Option<Request> {
    let mut request = Request::of(operation);
    match opening {
        Opening::Path(name) => {
            let id = |parameter: &str| if parameter == name { encoded(payload) } else { never_was(parameter) };
            request.path = operation.path_with(id);
        }
        Opening::Query(name) => {
            request.path = format!("{}?{name}={}", operation.path_with(never_was), encoded(payload));
        }
        Opening::Header(name) => {
            if payload.bytes().any(|byte| byte.is_ascii_control()) {
                return None;
            }
            request = request.with(name, payload);
        }
        Opening::Body(place) => {
            let mut body = operation.body.clone().unwrap_or_default();
            put(&mut body, place, payload);
            request.body = body.to_string().into_bytes();
        }
        Opening::Form(name) => {
            let mut form = vec![("grant_type", "client_credentials"), ("client_id", "cli"), ("client_secret", "x")];
            form.retain(|(known, _)| known != name);
            form.push((name, payload));
            let pairs: Vec<_> = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
            request = request.with("Content-Type", "application/x-www-form-urlencoded");
            request.body = pairs.join("&").into_bytes();
        }
    }
    Some(request)
}

/// Puts a text into a place of a body, and makes what leads there.
fn put(body: &mut Value, place: &[String], text: &str) {
    let Some((first, rest)) = place.split_first() else {
        *body = json!(text);
        return;
    };
    if first == "0" {
        let mut item = body.get(0).cloned().unwrap_or_default();
        put(&mut item, rest, text);
        *body = json!([item]);
    } else {
        if !body.is_object() {
            *body = Value::Object(Map::new());
        }
        put(&mut body[first.as_str()], rest, text);
    }
}

/// Percent-encoded, letters and digits aside.
pub(super) fn encoded(text: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(byte).collect()
}

/// What must hold of every answer, whatever was asked.
pub(super) fn harmless(what: &str, answer: &Answer, payload: &str) {
    let (status, media) = (answer.status, answer.header("content-type"));
    let body = String::from_utf8_lossy(&answer.body);
    assert!(status < 500, "{what}: {status} {body}");
    for (name, value) in SECURITY {
        assert!(answer.header(name).contains(value), "{what}: {status} without {name}");
    }
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{what}");
    let is_json = matches!(media, "application/json" | "application/problem+json");
    let says_how = is_json || media.ends_with("; charset=utf-8") || (answer.body.is_empty() && media.is_empty());
    assert!(says_how, "{what}: {status} as {media:?}");
    for (name, value) in &answer.headers {
        let name = name.as_str();
        let foreign =
            matches!(name, "set-cookie" | "server" | "x-powered-by" | "refresh") || name.starts_with("x-injected");
        assert!(!foreign && !name.starts_with("access-control-"), "{what}: {name}: {value:?}");
        // The link to the next page holds the query, in which these stand as they are.
        let is_unreserved = payload.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        let held = !(name == "link" && is_unreserved)
            && payload.len() >= TELLING
            && String::from_utf8_lossy(value.as_bytes()).contains(payload);
        assert!(!held, "{what} stands in {name}");
    }
    if payload.len() >= TELLING && (!is_json || status >= 400) && !media.starts_with("text/csv") {
        let quoted = json!(payload).to_string();
        let repeated = body.contains(payload) || body.contains(quoted.trim_matches('"'));
        assert!(!repeated, "{what} is repeated: {status} {body}");
    }
    if status >= 400 {
        for word in INNARDS {
            assert!(!body.contains(word), "{what}: {word} tells of the inside: {body}");
        }
    }
}

/// Whether a spreadsheet would take a cell for a formula.
pub(super) fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err()
}

/// A line of CSV.
pub(super) fn line(cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
    cells.join(",") + "\r\n"
}

fn may_ask(row: &Row, role: Role) -> bool {
    match row.cell(role) {
        Cell::Own => role == Role::Employee || row.is_about_the_account(),
        Cell::Scope | Cell::ScopeIf(_) => true,
        Cell::No | Cell::BrokenGlass => false,
    }
}

fn kind_of(row: &Row) -> Option<ImportKind> {
    ImportKind::named(row.permission.name().strip_prefix("imports.")?)
}

/// A file that can be imported, with its heading; none for what cannot be imported yet.
fn sample(kind: ImportKind) -> Option<String> {
    let bytes = match kind {
        ImportKind::Departments => DEPARTMENTS,
        ImportKind::Employees => EMPLOYEES,
        ImportKind::Checkups => CHECKUPS_2026,
        ImportKind::Accounts => tests::imports::ACCOUNTS,
        ImportKind::Lifelogs => tests::imports::LIFELOGS,
        ImportKind::WorkingHours => tests::imports::WORKING_HOURS,
        ImportKind::StressAnswers => return None,
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => tests::imports::from_sjis(bytes),
    };
    Some(text)
}
