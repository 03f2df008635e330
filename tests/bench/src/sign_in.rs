//! What identity costs: how long it takes to be refused, which must not tell whoever asks anything; and what each request pays for knowing who asks.

use std::hint::black_box;
use std::time::{Duration, Instant};

use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};
use authz::permission::{ManageAccounts, ReadReference, ViewCheckups, ViewEmployees};
use authz::token::{Signer, Verifier, new_key_pair};
use authz::{Facts, Origin, Permission};
use domain::ids::{AccountId, SessionId, TenantId};
use serde_json::{Value, json};
use tests::{Actor, World, anonymous};

use crate::Error;
use crate::args::Args;
use crate::figures::{self, Sample};
use crate::process::own_cpu_time;

const WRONG: &str = "Machigai-no-2026";
/// Attempts before anything is measured.
const WARM_UP: usize = 10;
/// How far medians may lie apart.
const BAR: f64 = 0.02;
/// Passes of what takes microseconds, and how often each does it.
const PASSES: usize = 101;
const TIMES: u32 = 200;

/// Prints both tables.
pub(crate) async fn print(args: &Args) -> Result<(), Error> {
    let world = World::own().await;
    attempts(&world, args.requests).await?;
    costs(&world).await
}

/// One kind of attempt: what is sent, and what is answered.
struct Attempt {
    title: &'static str,
    body: Value,
    status: u16,
    took: Vec<Duration>,
}

async fn attempts(world: &World, requests: usize) -> Result<(), Error> {
    let tenant = world.tenant(0);
    let (known, locked) = (tenant.actor("employee"), tenant.nth("employee", 1));
    let (of_two, locked_of_two) = (tenant.actor("hr"), tenant.actor("nurse"));
    let right = |actor: &Actor| actor.sign_in_body(&actor.account().password);
    let kind = |title, status, body| Attempt { title, body, status, took: Vec::with_capacity(requests) };
    let unknown = |code: &str, login: &str| json!({ "tenant_code": code, "login_id": login, "password": WRONG });
    let mut kinds = [
        kind("a wrong password", 401, known.sign_in_body(WRONG)),
        kind("a wrong password, with a second factor", 401, of_two.sign_in_body(WRONG)),
        kind("an unknown login", 401, unknown(tenant.code(), "nobody@minato.example")),
        kind("an unknown tenant", 401, unknown("nobody", &known.account().login_id)),
        kind("locked, the right password", 401, right(&locked)),
        kind("locked, the right password, with a second factor", 401, right(&locked_of_two)),
        kind("the right password; a second factor follows", 202, right(&of_two)),
    ];
    let anyone = anonymous(world);
    for actor in [&locked, &locked_of_two] {
        for _ in 0..store::FAILURES_THAT_LOCK {
            anyone.post("/v1/sessions", actor.sign_in_body(WRONG)).await;
        }
    }
    let mut order: Vec<usize> = (0..kinds.len()).collect();
    let mut random = 1_u32;
    for round in 0..WARM_UP + requests {
        // What drifts meets all kinds alike.
        for place in (1..order.len()).rev() {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            order.swap(place, usize::try_from(random >> 16)? % (place + 1));
        }
        for kind in &order {
            let Attempt { title, body, status, took } = &mut kinds[*kind];
            let body = body.clone();
            let started = Instant::now();
            let answer = anyone.post("/v1/sessions", body).await;
            if round >= WARM_UP {
                took.push(started.elapsed());
            }
            if answer.status != *status {
                return Err(format!("{title} answers {}: {}", answer.status, answer.json()).into());
            }
        }
        // Another window of the limits before one of them is reached.
        if round % 8 == 7 {
            world.pass(600);
        }
        // Failures are forgiven before there are five.
        if round % 4 == 3 {
            known.sign_in().await;
            of_two_signs_in(world, &of_two).await;
        }
    }
    let samples: Vec<(&str, u16, Sample)> = kinds
        .into_iter()
        .map(|Attempt { title, status, took, .. }| (title, status, took.into_iter().collect()))
        .collect();
    let first = samples[0].2.median();
    let row = |(title, status, sample): &(&str, u16, Sample)| {
        vec![
            (*title).to_owned(),
            status.to_string(),
            sample.len().to_string(),
            milliseconds(sample.median()),
            milliseconds(sample.mean()),
            milliseconds(sample.percentile(0.9)),
            milliseconds(sample.percentile(0.99)),
            format!("{:.3}", sample.median() / first),
        ]
    };
    let headings = ["`POST /v1/sessions`", "answer", "n", "median", "mean", "p90", "p99", "of the first"];
    println!("{}", figures::table(&headings, &samples.iter().map(row).collect::<Vec<_>>()));
    let refused: Vec<f64> = samples.iter().filter(|(_, status, _)| *status == 401).map(|(.., s)| s.median()).collect();
    let (least, most) = refused.iter().fold((f64::MAX, 0.0_f64), |(least, most), m| (least.min(*m), most.max(*m)));
    let verdict = if most / least <= 1.0 + BAR { "holds" } else { "does not hold" };
    println!(
        "Medians of all that are refused within {:.0} %: {:.1} %, {verdict}.\n",
        BAR * 100.0,
        (most / least - 1.0) * 100.0
    );
    Ok(())
}

/// The one with a second factor signs in whole; its codes work once in 30 seconds, and the world's clock is moved for that.
async fn of_two_signs_in(world: &World, actor: &Actor) {
    world.pass(30);
    actor.sign_in().await;
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1e3)
}

async fn costs(world: &World) -> Result<(), Error> {
    let tenant = world.tenant(0);
    let store = world.service().store();
    let calls = || world.service().cloud().counters().snapshot().values().map(|count| count.calls).sum::<u64>();
    let token = async |role: &str| tenant.actor(role).token().await.ok_or("nobody signs in");
    let facts = async |token: &str| store.facts(token, Origin::default()).await;
    let manager = facts(&token("manager").await?).await?;
    let employee = facts(&token("employee").await?).await?;
    let access = token("administrator").await?;
    let before = calls();
    let administrator = facts(&access).await?;
    let (called, access) = (calls() - before, access.len());
    let refresh = tenant.nth("employee", 0).sign_in().await.json()["refresh_token"].as_str().map_or(0, str::len);

    let (private, public) = new_key_pair()?;
    let signer = Signer::new("k0001".to_owned(), &private);
    let verifier = Verifier::new([("k0001", public.as_slice())]);
    let ids = (TenantId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]), SessionId::from_bytes([3; 16]));
    let now = store.clock().now();
    let token = signer.access(ids.0, ids.1, ids.2, now)?;
    let owasp = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19 * 1024, 2, 1, None)?);
    let hash = || owasp.hash_password_with_salt(WRONG.as_bytes(), &[7; 16]).is_ok();
    let rows = [
        ("a hash of a password (Argon2id, 19 MiB, two passes)", cpu(1, hash)?),
        ("an access token signed (ES256)", cpu(TIMES, || signer.access(ids.0, ids.1, ids.2, now).is_ok())?),
        ("an access token verified", cpu(TIMES, || verifier.access(&token, now).is_ok())?),
        ("a permit: an administrator's, for accounts", permit::<ManageAccounts>(&administrator)?),
        ("a permit: a manager's of a department, for employees", permit::<ViewEmployees>(&manager)?),
        ("a permit: an employee's, for reference data", permit::<ReadReference>(&employee)?),
        (
            "a refusal: an administrator's, for checkups",
            cpu(TIMES, || administrator.permit::<ViewCheckups>().is_err())?,
        ),
    ];
    let row = |(title, sample): &(&str, Sample)| {
        let (low, high) = sample.quartiles();
        let half = format!("{} – {}", figures::time(low), figures::time(high));
        vec![(*title).to_owned(), figures::time(sample.median()), half]
    };
    println!(
        "{}",
        figures::table(&["CPU time of one thread", "median", "middle half"], &rows.iter().map(row).collect::<Vec<_>>())
    );
    println!(
        "Calls for what a permit is decided on: {called}. An access token: {access} bytes. A refresh token: {refresh} bytes."
    );
    Ok(())
}

fn permit<P: Permission>(facts: &Facts) -> Result<Sample, Error> {
    cpu(TIMES, || black_box(facts).permit::<P>().is_ok())
}

/// CPU time of what `work` does, which must come out well.
fn cpu(times: u32, work: impl Fn() -> bool) -> Result<Sample, Error> {
    let mut took = Vec::with_capacity(PASSES);
    for _ in 0..PASSES {
        let before = own_cpu_time()?;
        for _ in 0..times {
            if !black_box(work()) {
                return Err("what is measured does not come out well".into());
            }
        }
        took.push(own_cpu_time()?.saturating_sub(before) / times);
    }
    Ok(took.into_iter().collect())
}
