//! The stage: a service's tables and a tenant, a fresh person for each case, and as many cases as asked for.

use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use authz::{AddressRules, Facts, Grant, Origin, Permission, Permit, Role, Scope};
use domain::account::{LoginId, TenantCode};
use domain::contract::{RecordClass, Service, ServiceTerm};
use domain::employee::{MailAddress, PersonName};
use domain::ids::{AccountId, PLATFORM, TenantId};
use domain::organisation::OrganisationName;
use jiff::civil::date;
use local::cloud::s3::BucketSpec;
use local::service::clients::Clients;
use local::service::{IMPORTS_BUCKET, LEDGER_BUCKET};
use local::{Cloud, Options};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::{Clock, Device, HashCost, NewAccount, NewContract, SecondFactor, Setup, SignedIn, Store, Tokens};
use tests::code_at;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use crate::gate::{Act, Done, Gate};

/// Everybody's password.
pub const PASSWORD: &str = "Kawaranai-Uta-26";
/// After how many cases there is another stage: tables that fill become slow, and data keys that get old are fetched anew in the midst of a case.
const CASES_PER_STAGE: u32 = 200;
/// In which order requests are let through.
const LONGEST_SCHEDULE: usize = 120;
/// For how long the administrator's access token is used.
const ADMINISTRATION_SECONDS: i64 = 600;
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// Where the cloud, and connections to it, live.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
});

/// Plays 1,000 cases, or as many as `INTERLEAVINGS` says; each with its own schedule.
pub fn explore<C: Debug>(
    cases: impl Strategy<Value = C>,
    play: impl Fn(&Stage, C, &[u8]) -> Result<(), TestCaseError>,
) {
    let schedules = proptest::collection::vec(any::<u8>(), 0..LONGEST_SCHEDULE);
    let count = as_many_as("INTERLEAVINGS", 1_000);
    play_all(count, CASES_PER_STAGE, (cases, schedules), |stage, (case, schedule)| play(stage, case, &schedule));
}

/// How many cases the environment asks for, or as many as usual.
pub fn as_many_as(variable: &str, usual: u32) -> u32 {
    std::env::var(variable).map_or(usual, |count| count.parse().expect("a number"))
}

/// Plays `count` cases, `per_stage` of them on one stage.
pub fn play_all<C: Debug>(
    count: u32,
    per_stage: u32,
    cases: impl Strategy<Value = C>,
    play: impl Fn(&Stage, C) -> Result<(), TestCaseError>,
) {
    let config = Config { cases: count, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let stage: RefCell<Option<Stage>> = RefCell::default();
    let played = TestRunner::new(config).run(&cases, |case| {
        let mut stage = stage.borrow_mut();
        if stage.as_ref().is_none_or(|stage| stage.cases.get() >= per_stage) {
            *stage = Some(Stage::new());
        }
        let played = stage.as_ref().map(|stage| {
            stage.cases.set(stage.cases.get() + 1);
            play(stage, case)
        });
        let outcome = played.expect("a stage");
        if outcome.is_err() {
            // What a case that failed left behind would make every simpler one fail as well, for another reason.
            *stage = None;
        }
        outcome
    });
    if let Err(error) = played {
        panic!("{error}");
    }
}

/// A tenant in a cloud.
pub struct Stage {
    gate: Gate,
    pub clients: Clients,
    pub store: Store,
    /// Who may do what only administrators may, and since when they are signed in.
    pub administrator: Person,
    signed_in: RefCell<Option<(Rc<Tokens>, i64)>>,
    offset_seconds: Arc<AtomicI64>,
    cases: Cell<u32>,
    people: Cell<u32>,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    pub tenant: TenantId,
    pub code: String,
    pub account: AccountId,
    pub login: String,
}

pub fn origin() -> Origin {
    Origin { address: None, request_id: "interleavings".to_owned() }
}

/// From where operators work.
const OFFICE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

pub fn device() -> Device {
    Device { address: None, client: None }
}

pub fn typed(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.to_owned())
}

pub const CODE: &str = "minato";

impl Stage {
    fn new() -> Self {
        RUNTIME.block_on(async {
            let offset_seconds = Arc::<AtomicI64>::default();
            let options = Options {
                clock: local::Clock::shared(Arc::clone(&offset_seconds)),
                kms_aliases: ["names", "records", "platform"].map(|name| format!("alias/{name}")).into(),
                buckets: vec![BucketSpec::new(IMPORTS_BUCKET), BucketSpec::new(LEDGER_BUCKET).locked()],
                ..Options::ephemeral()
            };
            let cloud = Arc::new(Cloud::start(options).await.expect("a cloud"));
            let gate = Gate::default();
            let mut clients = Clients::of(&cloud);
            clients.dynamodb = gate.before(&clients.dynamodb, &cloud);
            let clock = Clock::moved_by(Arc::clone(&offset_seconds));
            let store = quick(clients.store(clock).expect("a store"));
            let permit = jobs::for_onboarding(&origin());
            let name = OrganisationName::parse("運営").expect("a name");
            let networks = AddressRules::parse([format!("{OFFICE}/32").as_str()]).expect("a network");
            store.set_up_platform(&permit, name, networks).await.expect("a platform");
            let administrator = first_administrator(&store, CODE).await;
            Self {
                gate,
                clients,
                store,
                administrator,
                signed_in: RefCell::default(),
                offset_seconds,
                cases: Cell::default(),
                people: Cell::default(),
            }
        })
    }

    /// Does something before the case, or after it.
    #[expect(clippy::unused_self, reason = "what runs is on this stage")]
    pub fn run<T>(&self, act: impl Future<Output = T>) -> T {
        RUNTIME.block_on(act)
    }

    /// Plays all acts at once, in the order of this schedule.
    pub fn interleave<T>(&self, schedule: &[u8], acts: Vec<Act<'_, T>>) -> Vec<Done<T>> {
        self.gate.interleave(schedule, acts)
    }

    /// Moves the clock.
    pub fn pass(&self, seconds: i64) {
        self.offset_seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Seconds since 1970.
    pub fn seconds(&self) -> i64 {
        self.store.clock().now().epoch_seconds()
    }

    /// The step of one-time passwords at this moment.
    pub fn step(&self) -> u64 {
        self.seconds().unsigned_abs() / 30
    }

    /// The next one, at its beginning: it stays until the case has ended.
    pub fn next_step(&self) -> u64 {
        self.pass(31 - self.seconds().rem_euclid(30));
        self.step()
    }

    /// The administrator, signed in not long ago.
    pub fn administration(&self) -> Rc<Tokens> {
        let now = self.seconds();
        let mut signed_in = self.signed_in.borrow_mut();
        match &*signed_in {
            Some((tokens, at)) if now - at < ADMINISTRATION_SECONDS => Rc::clone(tokens),
            _ => {
                let tokens = Rc::new(self.sign_in(&self.administrator));
                *signed_in = Some((Rc::clone(&tokens), now));
                tokens
            }
        }
    }

    /// Somebody new in the stage's own company.
    pub fn person(&self, grants: Vec<Grant>, setup: Setup) -> Person {
        self.colleague(&self.administrator, grants, setup)
    }

    /// A company of a case's own, with one administrator.
    pub fn company(&self) -> Person {
        self.people.set(self.people.get() + 1);
        let code = format!("company-{}", self.people.get());
        self.run(first_administrator(&self.store, &code))
    }

    /// Somebody new in the company of `of`.
    pub fn colleague(&self, of: &Person, grants: Vec<Grant>, setup: Setup) -> Person {
        self.people.set(self.people.get() + 1);
        let login = format!("person{}@example.jp", self.people.get());
        let new = new_account(&login, grants, setup);
        self.run(async {
            let permit = jobs::for_onboarding(&origin());
            let made = self.store.set_up_account(&permit, of.tenant, new).await.expect("an account");
            let made = made.expect("no faults").commit(&self.store).await.expect("an account");
            Person { tenant: of.tenant, code: of.code.clone(), account: made.record.account.id, login }
        })
    }

    /// One of the provider's people.
    pub fn operator(&self) -> Person {
        let platform = Person { tenant: PLATFORM, code: "platform".to_owned(), ..self.administrator.clone() };
        self.colleague(&platform, everywhere(Role::Operator), ready(true))
    }

    /// A permit of an operator, who signs in for it.
    pub fn operate<P: Permission>(&self, operator: &Person) -> Permit<P> {
        let code = code_of(self.next_step());
        let office = Origin { address: Some(OFFICE.into()), ..origin() };
        self.run(async {
            let (login, password) = (&operator.login, typed(PASSWORD));
            let first = self.store.sign_in(None, login, password, &device(), office.clone()).await;
            let Ok(SignedIn::Challenge(challenge)) = first else { panic!("{first:?}") };
            let shown = SecondFactor::Code(&code);
            let second = self.store.sign_in_with_otp(&challenge, shown, &device(), office.clone()).await;
            let Ok(SignedIn::Session(tokens)) = second else { panic!("{second:?}") };
            let facts = self.store.facts(&tokens.access_token, office).await.expect("facts");
            facts.permit().expect("a permit")
        })
    }

    /// The first step of a sign-in.
    pub async fn try_password(&self, person: &Person, password: &str) -> SignedIn {
        let signed = self.store.sign_in(Some(&person.code), &person.login, typed(password), &device(), origin()).await;
        signed.expect("an answer")
    }

    /// The second step.
    pub async fn try_factor(&self, challenge: &str, shown: SecondFactor<'_>) -> SignedIn {
        self.store.sign_in_with_otp(challenge, shown, &device(), origin()).await.expect("an answer")
    }

    /// Signs in, with the code of this moment if there is a second factor.
    pub fn sign_in(&self, person: &Person) -> Tokens {
        let step = self.step();
        self.run(async {
            match self.try_password(person, PASSWORD).await {
                SignedIn::Session(tokens) => tokens,
                SignedIn::Challenge(challenge) => {
                    match self.try_factor(&challenge, SecondFactor::Code(&code_of(step))).await {
                        SignedIn::Session(tokens) => tokens,
                        other => panic!("{other:?}"),
                    }
                }
                SignedIn::No => panic!("{person:?} should sign in"),
            }
        })
    }

    /// What somebody with these tokens may do at this moment.
    pub async fn facts(&self, tokens: &Tokens) -> Facts {
        self.store.facts(&tokens.access_token, origin()).await.expect("facts")
    }

    /// A permit of somebody with these tokens.
    pub fn permit<P: Permission>(&self, tokens: &Tokens) -> Permit<P> {
        self.run(self.facts(tokens)).permit().expect("a permit")
    }
}

/// The same store with passwords that cost next to nothing.
fn quick(store: Store) -> Store {
    #[expect(clippy::disallowed_methods, reason = "thousands sign in here")]
    store.hashing_at(HashCost::negligible())
}

/// The code of a step.
pub fn code_of(step: u64) -> String {
    code_at(SECRET, step * 30)
}

/// A code that belongs to no step near this one.
pub fn wrong_code(step: u64) -> String {
    let near = [step - 2, step - 1, step, step + 1, step + 2].map(code_of);
    ["000000", "111111", "222222", "333333", "444444", "555555"]
        .into_iter()
        .find(|code| !near.iter().any(|near| near == code))
        .expect("six are more than five")
        .to_owned()
}

/// An account that is ready to use.
pub fn ready(second_factor: bool) -> Setup {
    Setup::Ready { password: typed(PASSWORD), otp_secret: second_factor.then(|| typed(SECRET)) }
}

/// One role in the whole tenant.
pub fn everywhere(role: Role) -> Vec<Grant> {
    vec![Grant { role, scope: Scope::Tenant }]
}

/// A new company's first administrator, ready to use.
async fn first_administrator(store: &Store, code: &str) -> Person {
    let login = format!("administrator@{code}.example");
    let new = NewContract {
        code: TenantCode::parse(code).expect("a code"),
        name: OrganisationName::parse("試験").expect("a name"),
        services: vec![ServiceTerm { service: Service::Checkup, from: date(2020, 4, 1), until: None }],
        class: RecordClass::default(),
        drop_kinds: [].into(),
        administrator: new_account(&login, Vec::new(), ready(true)),
    };
    let permit = jobs::for_onboarding(&origin());
    let prepared = store.create_contract(&permit, new).await.expect("a contract").expect("no faults");
    let made = prepared.commit(store).await.expect("a contract");
    let (tenant, account) = (made.contract.record.tenant, made.administrator);
    Person { tenant, code: code.to_owned(), account, login }
}

fn new_account(login: &str, grants: Vec<Grant>, setup: Setup) -> NewAccount {
    NewAccount {
        login_id: LoginId::parse(login).expect("a login"),
        name: PersonName::parse("試験 花子").expect("a name"),
        mail: Some(MailAddress::parse(login).expect("an address")),
        employee: None,
        grants,
        personnel_authority: false,
        setup,
    }
}
