//! Group analysis of the stress check and its statutory report: who makes it, what is in it, what is in none of it, and for whom.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tests::imports::import;
use tests::{Actor, Answer, Tenant, World, codes, etag, pdf_text, run};

use crate::{
    accounts_import::{BROUGHT, HASH},
    stress_checks::{act, opened, own},
};

/// How many stand in each section of department D900: women and men by turns.
const SECTIONS: [(&str, u32); 3] = [("D910", 18), ("D920", 12), ("D930", 5)];

/// People with accounts, in a department of three sections at a workplace of its own.
async fn with_people(tenant: &Tenant) -> Vec<Actor> {
    let administrator = tenant.actor("administrator");
    let departments = "部署コード,部署名,上位部署コード\r\nD900,分析部,\r\nD910,第一課,D900\r\nD920,第二課,D900\r\nD930,第三課,D900\r\n";
    let mut people =
        "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,事業場名,部署コード,雇用形態,在籍区分\r\n"
            .to_owned();
    let mut accounts =
        "操作,ログインID,氏名,メールアドレス,社員番号,初期パスワード,パスワードハッシュ,人事権,停止\r\n".to_owned();
    let mut logins = Vec::new();
    for (section, count) in SECTIONS {
        for n in 0..count {
            let (number, sex, day) = (format!("A{section}{n:02}"), if n % 2 == 0 { "女" } else { "男" }, n % 9 + 1);
            let _ = write!(
                people,
                "{number},分析 花子,ブンセキ ハナコ,1984-05-0{day},{sex},2015-04-01,W900,分析工場,{section},正社員,在籍\r\n"
            );
            let login = format!("{}@bunseki.example.jp", number.to_lowercase());
            let _ = write!(accounts, "作成,{login},分析 花子,,{number},,{HASH},いいえ,いいえ\r\n");
            logins.push(login);
        }
    }
    for (kind, file) in [("departments", departments), ("employees", &people), ("accounts", &accounts)] {
        let done = import(&administrator, kind, file.as_bytes(), json!({})).await;
        assert_eq!(done["state"], "applied", "{kind}: {done}");
    }
    logins.iter().map(|login| tenant.account(login, BROUGHT)).collect()
}

async fn unit(tenant: &Tenant, list: &str, code: &str) -> String {
    let all = tenant.actor("administrator").all(list).await;
    all.iter().find(|of| of["code"] == code).unwrap()["id"].as_str().unwrap().to_owned()
}

/// Submits the same answer to every item.
async fn answer_all(actor: &Actor, round: &str, choice: u8) {
    let path = format!("{}/answers", own(round));
    let one = |item: u8| json!({ "item": item, "choice": choice });
    let body = json!({ "answers": (1..=57).map(one).collect::<Vec<_>>() });
    let saved = actor.put(&path, "\"0\"", body).await;
    assert_eq!(saved.status, 200, "{}", saved.json());
    let submitted = actor.call("POST", &format!("{path}/submit"), &[("If-Match", &etag(&saved))], None).await;
    assert_eq!(submitted.status, 200, "{}", submitted.json());
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

fn told(groups: &[Value]) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    groups.iter().map(|of| (text(&of["kind"]), text(&of["name"]), of["respondents"].as_u64().unwrap())).collect()
}

fn expected(groups: &[(&str, &str, u64)]) -> Vec<(String, String, u64)> {
    groups.iter().map(|(kind, name, count)| ((*kind).to_owned(), (*name).to_owned(), *count)).collect()
}

/// A risk of men and women by head count at the same means, by hand (domain.md 4.7): of the load diagram, and of the one of support.
fn by_hand(female: f64, mean: f64) -> [f64; 2] {
    let load = |a: f64, q: f64, b: f64, k: f64| 100.0 * ((mean - q) * a + (mean - k) * b).exp();
    let both = |men: f64, women: f64| men * (1.0 - female) + women * female;
    [
        both(load(0.076, 8.7, -0.089, 7.9), load(0.048, 7.9, -0.056, 7.2)),
        both(load(-0.097, 7.6, -0.097, 8.1), load(-0.097, 6.6, -0.097, 8.2)),
    ]
}

#[test]
fn r35_groups_are_analysed_once_and_nothing_tells_of_fewer_than_ten() {
    run(async {
        let world = World::own().await;
        let tenant = world.tenant(0);
        let people = with_people(&tenant).await;
        let round = opened(&tenant).await;
        for person in &people {
            answer_all(person, &round, 2).await;
        }
        let (hr, clerk, path) = (tenant.actor("hr"), tenant.actor("stress_clerk"), format!("{round}/analysis"));
        let body = json!({ "with_risks": true });
        let early = clerk.post(&path, body.clone()).await;
        assert_eq!((early.status, codes(&early)[0].1.as_str()), (409, "wrong_state"), "answers still come");
        assert_eq!(act(&hr, &round, "close", None).await.status, 200);
        assert_eq!(clerk.post(&path, body.clone()).await.status, 409, "an answer may still be on its way");
        world.pass(61);
        assert_eq!(hr.get(&path).await.status, 404, "nobody has made it yet");
        for role in ["hr", "health_officer", "physician", "nurse", "manager", "administrator", "employee"] {
            assert_eq!(tenant.actor(role).post(&path, body.clone()).await.status, 403, "{role}");
        }
        let made = clerk.post(&path, body.clone()).await;
        assert_eq!((made.status, made.header("location")), (201, path.as_str()), "{}", made.json());
        let again = tenant.actor("stress_implementer").post(&path, body).await;
        assert_eq!((again.status, codes(&again)[0].1.as_str()), (409, "wrong_state"), "never a second time");

        // Five in the third section: beside the first two and the department they would be known. The smallest of the two is hidden with them; the department, the workplace and all are one group.
        let groups = hr.all(&path).await;
        let shown = [
            ("whole", "全体", 35),
            ("workplace", "分析工場", 35),
            ("department", "分析部", 35),
            ("department", "第一課", 18),
            ("sex", "男性", 17),
            ("sex", "女性", 18),
            ("age", "40歳代", 35),
        ];
        let mut sorted = told(&groups);
        sorted.sort();
        let mut wanted = expected(&shown);
        wanted.sort();
        assert_eq!(sorted, wanted);
        let departments = "/v1/departments";
        let (first, second, third) = (
            unit(&tenant, departments, "D910").await,
            unit(&tenant, departments, "D920").await,
            unit(&tenant, departments, "D930").await,
        );
        for hidden in [&second, &third] {
            assert!(hr.all(&format!("{path}?kind=department&id={hidden}")).await.is_empty());
            let paper = hr.get(&format!("{path}/pdf?kind=department&id={hidden}")).await;
            assert_eq!(paper.status, 404);
        }
        // All means are 9 (items that are turned: 5 - 2), half of them women's.
        let of_first = hr
            .all(&format!("{path}?kind=department&id={first}&compare_with={}", round.rsplit('/').next().unwrap()))
            .await;
        let [group] = &of_first[..] else { panic!("{of_first:?}") };
        assert_eq!(
            group["diagram"],
            json!({ "quantity": 9.0, "control": 9.0, "supervisor_support": 9.0, "coworker_support": 9.0 })
        );
        let [load, support] = by_hand(0.5, 9.0);
        let floor = |risk: f64| json!(risk.floor());
        let risks = &group["risks"];
        assert_eq!(risks["load_and_control"].as_f64(), floor(load).as_f64(), "{risks}");
        assert_eq!(risks["support"].as_f64(), floor(support).as_f64(), "{risks}");
        assert_eq!(risks["total"].as_f64(), floor(load * support / 100.0).as_f64(), "{risks}");
        assert_eq!(group["before"]["risks"], *risks, "beside itself");
        assert_eq!(group["scales"].as_array().unwrap().len(), 19);
        let fields: Vec<&String> = groups[0].as_object().unwrap().keys().collect();
        let known = ["before", "diagram", "further", "id", "kind", "name", "respondents", "risks", "scales"];
        assert_eq!(fields, known, "and nothing of who is under high stress");
        let unknown = hr.get(&format!("{path}?coefficients=own")).await;
        assert_eq!((unknown.status, codes(&unknown)[0].1.as_str()), (400, "unknown_coefficients"));

        // The same set as a file, as a drawing and on paper.
        let file = hr.with("accept", "text/csv").get(&path).await;
        let file = text(&file);
        assert!(file.contains("\"第一課\",\"18\"") && !file.contains("第二課") && !file.contains("第三課"), "{file}");
        let drawing = hr.get(&format!("{path}/charts/load-and-control?kind=department")).await;
        assert_eq!(drawing.header("content-type"), "image/svg+xml; charset=utf-8");
        assert!(text(&drawing).contains("第一課") && !text(&drawing).contains("第三課"));
        let paper = hr.with("accept", "application/pdf").get(&format!("{path}/pdf?kind=department&id={first}")).await;
        assert_eq!(paper.status, 200);
        let words = pdf_text(&paper.body);
        assert!(words.contains("第一課") && words.contains("健康リスク"), "{words}");

        managers(&tenant, &path, &first, &third).await;
        the_report(&tenant).await;
    });
}

/// The report of the workplace: who answered is counted, the rest is said.
async fn the_report(tenant: &Tenant) {
    let (hr, year) = (tenant.actor("hr"), tenant.world().today().year());
    let workplace = unit(tenant, "/v1/workplaces", "W900").await;
    let report = format!("/v1/stress-reports/{workplace}/{year}");
    let sheet = hr.get(&report).await.json();
    assert_eq!((sheet["examined"].as_u64(), sheet["registered"].as_u64()), (Some(35), Some(35)), "{sheet}");
    assert!(sheet["missing"].as_array().unwrap().contains(&json!("enrolled")), "{sheet}");
    let settings = format!("{report}/settings");
    let wrong = json!({ "enrolled": 1_000_001, "phone": "でんわ" });
    let wrong = hr.put(&settings, "\"0\"", wrong).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(codes(&wrong).len(), 2, "everything at once");
    let said = json!({ "enrolled": 34, "interviewed": 0, "analysed": true, "carried_out_by": "industrial_physician", "phone": "03-0000-0000" });
    let kept = hr.put(&settings, "\"0\"", said.clone()).await;
    assert_eq!((kept.status, etag(&kept).as_str()), (200, "\"1\""), "{}", kept.json());
    assert_eq!(hr.put(&settings, "\"0\"", said).await.status, 412);
    let sheet = hr.get(&report).await.json();
    assert_eq!(sheet["violations"][0]["code"], "examined_above_enrolled", "{sheet}");
    assert_eq!((sheet["analysed"]["number"].as_u64(), sheet["must_report"].as_bool()), (Some(1), Some(false)));
    let next = hr.get(&format!("/v1/stress-reports/{workplace}/{}/settings", year + 1)).await;
    assert_eq!(
        (etag(&next).as_str(), &next.json()["phone"], &next.json()["enrolled"]),
        ("\"0\"", &json!("03-0000-0000"), &Value::Null)
    );
    let file = hr.with("accept", "text/csv").get(&report).await;
    let file = text(&file);
    assert!(file.contains("\"検査を受けた労働者数\",\"35\"") && !file.contains("高ストレス"), "{file}");
    let paper = hr.with("accept", "application/pdf").get(&format!("{report}/pdf")).await;
    assert!(pdf_text(&paper.body).contains("様式第6号の3"));
    for (role, read, write) in
        [("nurse", 200, 403), ("stress_clerk", 200, 403), ("manager", 403, 403), ("administrator", 403, 403)]
    {
        let actor = tenant.actor(role);
        let put = actor.put(&settings, "\"1\"", json!({})).await;
        assert_eq!((actor.get(&report).await.status, put.status), (read, write), "{role}");
    }
    assert_eq!(hr.get(&format!("/v1/stress-reports/{workplace}/1999")).await.status, 404);
}

/// A manager sees their own group, and only once the company says so.
async fn managers(tenant: &Tenant, path: &str, first: &str, third: &str) {
    tenant.grant("manager", json!([{ "role": "manager", "scope": { "kind": "parts", "departments": [first] } }])).await;
    let manager = tenant.actor("manager");
    assert_eq!(manager.get(path).await.status, 403, "closed until the handling rules open it");
    let administrator = tenant.actor("administrator");
    let before = administrator.get("/v1/tenant").await;
    let rules = json!({ "handling_rules": ["managers_see_stress_groups"] });
    let changed = administrator.patch("/v1/tenant", &etag(&before), rules).await;
    assert_eq!(changed.status, 200, "{}", changed.json());
    assert_eq!(told(&manager.all(path).await), expected(&[("department", "第一課", 18)]));
    tenant.grant("manager", json!([{ "role": "manager", "scope": { "kind": "parts", "departments": [third] } }])).await;
    assert_eq!(manager.get(path).await.status, 404, "a group that is hidden is not there");
    for role in ["administrator", "employee"] {
        assert_eq!(tenant.actor(role).get(path).await.status, 403, "{role}");
    }
    let trail = administrator.all("/v1/audit-events?limit=200").await;
    for action in ["stress_analysis.make", "stress_analysis.read"] {
        assert!(trail.iter().any(|event| event["action"] == action), "{action}");
    }
}
