//! What is asked of each door: the requests of a working day, in a company of a thousand with two years of checkups.

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use jiff::ToSpan as _;
use local::cloud::sqs::Depth;
use local::service::IMPORTS_QUEUE;
use serde_json::{Value, json};
use tests::imports::{CHECKUPS_2025, CHECKUPS_2026, DEPARTMENTS, EMPLOYEES, import};
use tests::{Actor, Answer, Tenant, World};

use crate::Error;
use crate::lifelogs;

/// For how many days back a watch sends what it has.
const LIFELOG_DAYS: i64 = 300;

/// A request, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) body: Option<Value>,
}

/// Makes the next request of a door: from how many there were before, and what was answered to the last one.
type Next = Box<dyn FnMut(usize, Option<Answer>) -> LocalBoxFuture<'static, Ask>>;

/// A door, and what is asked of it.
pub(crate) struct Door {
    /// The function behind it.
    pub(crate) function: &'static str,
    /// The request, as the table shows it.
    pub(crate) title: &'static str,
    /// Hashing a password on purpose takes long: a part of the requests will do.
    pub(crate) is_slow: bool,
    /// How many requests there were so far.
    pub(crate) asked: usize,
    pub(crate) next: Next,
}

impl Door {
    fn new<F>(
        function: &'static str,
        title: &'static str,
        mut next: impl FnMut(usize, Option<Answer>) -> F + 'static,
    ) -> Self
    where
        F: Future<Output = Ask> + 'static,
    {
        Self {
            function,
            title,
            is_slow: false,
            asked: 0,
            next: Box::new(move |count, last| next(count, last).boxed_local()),
        }
    }

    fn slow(self) -> Self {
        Self { is_slow: true, ..self }
    }

    /// The same reading request again and again.
    fn read(function: &'static str, title: &'static str, actor: &Actor, path: impl Into<String>) -> Self {
        let (actor, path) = (actor.clone(), path.into());
        Self::new(function, title, move |_, _| {
            let (actor, path) = (actor.clone(), path.clone());
            async move { Ask { method: "GET", path, token: actor.token().await, etag: None, body: None } }
        })
    }

    /// Creates one thing after the other.
    fn create(
        function: &'static str,
        path: impl Into<String>,
        title: &'static str,
        actor: &Actor,
        body: impl Fn(usize) -> Value + 'static,
    ) -> Self {
        let (actor, path) = (actor.clone(), path.into());
        Self::new(function, title, move |count, _| {
            let (actor, path, body) = (actor.clone(), path.clone(), body(count));
            async move { Ask { method: "POST", path, token: actor.token().await, etag: None, body: Some(body) } }
        })
    }

    /// Changes one thing again and again, each time from the version that the change before answered.
    fn change(
        function: &'static str,
        title: &'static str,
        actor: &Actor,
        path: String,
        body: impl Fn(usize) -> Value + 'static,
    ) -> Self {
        let actor = actor.clone();
        Self::new(function, title, move |count, last| {
            let (actor, path, body) = (actor.clone(), path.clone(), body(count));
            async move {
                let last = match last {
                    Some(last) => last,
                    None => actor.get(&path).await,
                };
                let etag = Some(last.header("etag").to_owned());
                Ask { method: "PATCH", path, token: actor.token().await, etag, body: Some(body) }
            }
        })
    }
}

/// Fills a tenant with the sample files: ten departments, a thousand employees, two years of checkups.
async fn filled(world: &World) -> Result<Tenant, Error> {
    let tenant = world.tenant(0);
    let (administrator, nurse) = (tenant.actor("administrator"), tenant.actor("nurse"));
    let files: [(&str, &[u8], &Actor); 4] = [
        ("departments", DEPARTMENTS, &administrator),
        ("employees", EMPLOYEES, &administrator),
        ("checkups", CHECKUPS_2025, &nurse),
        ("checkups", CHECKUPS_2026, &nurse),
    ];
    for (kind, file, actor) in files {
        let done = import(actor, kind, file, json!({})).await;
        if done["state"] != "applied" {
            return Err(format!("a sample file of {kind} is not applied: {done}").into());
        }
    }
    // The job looks once more after half a minute. Nothing but what is measured is to call anybody.
    let queue = world.service().cloud().sqs();
    tests::eventually("the import job has nothing left to do", async || {
        queue.depth(IMPORTS_QUEUE).ok().filter(|depth| *depth == Depth::default())
    })
    .await;
    Ok(tenant)
}

/// The id of the first thing that a list shows.
async fn first(actor: &Actor, list: &str) -> Result<String, Error> {
    let answer = actor.get(list).await.json();
    let id = answer["items"][0]["id"].as_str();
    Ok(id.ok_or_else(|| format!("{list} shows nothing: {answer}"))?.to_owned())
}

/// Every door with a request or two, in the order of the reference.
pub(crate) async fn doors(world: &World) -> Result<Vec<Door>, Error> {
    let tenant = filled(world).await?;
    let (administrator, employee) = (tenant.actor("administrator"), tenant.actor("employee"));
    let (hr, nurse, operator) = (tenant.actor("hr"), tenant.actor("nurse"), world.operator(0));
    let account = format!("/v1/accounts/{}", first(&administrator, "/v1/accounts?limit=1").await?);
    let workplace = first(&administrator, "/v1/workplaces").await?;
    let person = first(&hr, "/v1/employees?employee_number=000002").await?;
    let person = format!("/v1/employees/{person}");
    let checkup = format!("{person}/checkups/{}", first(&nurse, &format!("{person}/checkups")).await?);
    let import = format!("/v1/imports/{}", first(&administrator, "/v1/imports?limit=1").await?);
    let own_number = employee.get("/v1/me").await.json()["employee_id"].as_str().map(str::to_owned);
    let own = format!("/v1/employees/{}", own_number.unwrap_or_default());
    let (own_checkups, own_lifelogs, own_points) =
        (format!("{own}/checkups"), format!("{own}/lifelogs"), format!("{own}/points"));
    let yesterday = world.today() - 1.day();
    let year = format!("{own_lifelogs}/series?metric=steps&from={}&to={yesterday}", yesterday - 364.days());
    let place = workplace.clone();
    Ok(vec![
        Door::read("status", "`GET /v1/status`", &tests::anonymous(world), "/v1/status"),
        Door::read("docs", "`GET /v1/openapi.json`", &tests::anonymous(world), "/v1/openapi.json"),
        sign_in("`POST /v1/sessions` (password alone)", &employee),
        sign_in("`POST /v1/sessions` (a second factor follows)", &administrator),
        sign_in_with_otp(world),
        refresh(&hr),
        Door::read("sessions", "`GET /v1/sessions`", &employee, "/v1/sessions"),
        Door::read("me", "`GET /v1/me`", &employee, "/v1/me"),
        Door::read("accounts", "`GET /v1/accounts`", &administrator, "/v1/accounts"),
        Door::read("accounts", "`GET /v1/accounts/{id}`", &administrator, &account),
        Door::read("accounts", "`GET /v1/accounts/{id}/grants`", &administrator, format!("{account}/grants")),
        Door::read("tenant", "`GET /v1/tenant`", &administrator, "/v1/tenant"),
        Door::change(
            "tenant",
            "`PATCH /v1/tenant`",
            &administrator,
            "/v1/tenant".to_owned(),
            |count| json!({ "contact": { "desk": format!("健康管理窓口 {count}") } }),
        ),
        Door::read("organisation", "`GET /v1/workplaces`", &hr, "/v1/workplaces"),
        Door::change(
            "organisation",
            "`PATCH /v1/workplaces/{id}`",
            &hr,
            format!("/v1/workplaces/{workplace}"),
            |count| json!({ "name": format!("東京本社 {count}") }),
        ),
        Door::read("organisation", "`GET /v1/departments`", &hr, "/v1/departments"),
        Door::read("employees", "`GET /v1/employees` (50 of 1,003)", &hr, "/v1/employees"),
        Door::read("employees", "`GET /v1/employees?q=田中`", &hr, "/v1/employees?q=%E7%94%B0%E4%B8%AD"),
        Door::read("employees", "`GET /v1/employees?employee_number=…`", &hr, "/v1/employees?employee_number=000002"),
        Door::read("employees", "`GET /v1/employees/{id}`", &hr, &person),
        Door::create("employees", "/v1/employees", "`POST /v1/employees`", &hr, move |count| {
            new_employee(count, &place)
        }),
        Door::change(
            "employees",
            "`PATCH /v1/employees/{id}`",
            &hr,
            person.clone(),
            |count| json!({ "job_title": format!("主任 {count}") }),
        ),
        Door::read("imports", "`GET /v1/imports`", &hr, "/v1/imports"),
        Door::read("imports", "`GET /v1/imports/{id}`", &administrator, import),
        Door::create(
            "imports",
            "/v1/imports",
            "`POST /v1/imports`",
            &hr,
            |count| json!({ "kind": "employees", "file_name": format!("社員一覧{count}.csv") }),
        ),
        Door::read("checkups", "`GET /v1/employees/{id}/checkups`", &nurse, format!("{person}/checkups")),
        Door::read("checkups", "`GET /v1/employees/{id}/checkups` (one's own)", &employee, own_checkups),
        Door::read("checkups", "`GET /v1/employees/{id}/checkups/{id}`", &nurse, checkup),
        Door::read("checkups", "`GET /v1/checkups` (50 of 928)", &nurse, "/v1/checkups?fiscal_year=2026"),
        Door::read("checkups", "`GET /v1/checkups/items`", &employee, "/v1/checkups/items"),
        Door::create(
            "lifelogs",
            own_lifelogs,
            "`POST /v1/employees/{id}/lifelogs` (a watch's day)",
            &employee,
            move |count| {
                let entries: Vec<Value> = lifelogs::entries(yesterday - days_back(count).days()).collect();
                json!({ "entries": entries })
            },
        ),
        Door::read("lifelogs", "`GET /v1/employees/{id}/lifelogs/series` (a year)", &employee, year),
        Door::read("points", "`GET /v1/employees/{id}/points`", &employee, own_points),
        Door::read("working-hours", "`GET /v1/employees/{id}/working-hours`", &hr, format!("{person}/working-hours")),
        Door::read("reports", "`GET /v1/reports/dashboard`", &hr, "/v1/reports/dashboard?fiscal_year=2026"),
        Door::read("audit-events", "`GET /v1/audit-events` (50)", &administrator, "/v1/audit-events"),
        Door::read("contracts", "`GET /v1/contracts`", &operator, "/v1/contracts"),
    ])
}

fn new_employee(count: usize, workplace: &str) -> Value {
    json!({
        "employee_number": format!("N{count:06}"), "name": "渡邊 裕子", "kana": "ワタナベ ユウコ", "birth_date": "1985-06-15",
        "sex": "female", "hired_on": "2018-04-01", "workplace_id": workplace, "employment_type": "正社員",
        "mail": "yuko.watanabe@minato.example",
    })
}

/// The days of a watch come round again.
fn days_back(count: usize) -> i64 {
    i64::try_from(count).unwrap_or_default() % LIFELOG_DAYS
}

fn post(path: &str, body: Value) -> Ask {
    Ask { method: "POST", path: path.to_owned(), token: None, etag: None, body: Some(body) }
}

/// The first step of a sign-in.
fn sign_in(title: &'static str, actor: &Actor) -> Door {
    let body = actor.sign_in_body(&actor.account().password);
    Door::new("sessions", title, move |_, _| std::future::ready(post("/v1/sessions", body.clone()))).slow()
}

/// The second step. A code can be used once and changes every 30 seconds: the people of two tenants take turns.
fn sign_in_with_otp(world: &World) -> Door {
    const ROLES: [&str; 7] =
        ["manager", "hr", "health_officer", "physician", "nurse", "stress_implementer", "stress_clerk"];
    let tenants = [world.tenant(0), world.tenant(1)];
    let people: Vec<Actor> =
        ROLES.into_iter().flat_map(|role| tenants.iter().map(move |tenant| tenant.actor(role))).collect();
    let nobody = tests::anonymous(world);
    Door::new("sessions", "`POST /v1/sessions/otp`", move |count, _| {
        let (actor, nobody) = (people[count % people.len()].clone(), nobody.clone());
        async move {
            let challenge = nobody.post("/v1/sessions", actor.sign_in_body(&actor.account().password)).await.json();
            let body = json!({ "challenge_token": challenge["challenge_token"], "code": actor.otp().await });
            post("/v1/sessions/otp", body)
        }
    })
    .slow()
}

/// A refresh with the token that the refresh before answered.
fn refresh(actor: &Actor) -> Door {
    let actor = actor.clone();
    Door::new("sessions", "`POST /v1/sessions/refresh`", move |_, last| {
        let actor = actor.clone();
        async move {
            let last = match last {
                Some(last) => last,
                None => actor.sign_in().await,
            };
            post("/v1/sessions/refresh", json!({ "refresh_token": last.json()["refresh_token"] }))
        }
    })
}
