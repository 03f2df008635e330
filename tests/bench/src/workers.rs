//! Workers of a company who are all there at once: people and accounts come by file, as a customer sends them, and everybody signs in.

use serde_json::json;
use tests::{Actor, Tenant};

use crate::Error;
use crate::files::applied;

/// How many sign in at the same time beforehand: each hash takes its memory.
const SIGN_INS: usize = 16;
/// Everybody's own password, after the initial one of the file.
const OWN: &str = "Jibun-no-Kotoba-2026";
const INITIAL: &str = "Hajimete-no-Kaito-26";

/// Registers people with accounts, by file as a customer does, and signs everybody in.
pub(crate) async fn registered(tenant: &Tenant, people: usize) -> Result<Vec<Actor>, Error> {
    let administrator = tenant.actor("administrator");
    let numbers = || (0..people).map(|number| format!("K{number:06}"));
    let employee =
        |number: String| format!("{number},開始 花子,カイシ ハナコ,1990-04-01,女,2020-04-01,W01,X100,正社員,在籍\n");
    let employees: String = numbers().map(employee).collect();
    let employees = format!(
        "社員番号,氏名,氏名カナ,生年月日,性別,入社年月日,事業場コード,部署コード,雇用形態,在籍区分\n{employees}"
    );
    let login = |number: &str| format!("{number}@kaishi.example");
    let account = |number: String| format!("作成,{},開始 花子,{},{number},{INITIAL}\n", login(&number), login(&number));
    let accounts: String = numbers().map(account).collect();
    let accounts = format!("操作,ログインID,氏名,メールアドレス,社員番号,初期パスワード\n{accounts}");
    for (kind, file) in [("employees", employees), ("accounts", accounts)] {
        applied(&administrator, kind, file.as_bytes(), json!({})).await?;
    }
    let numbers: Vec<String> = numbers().collect();
    let mut workers = Vec::with_capacity(people);
    for (group, numbers) in numbers.chunks(SIGN_INS).enumerate() {
        let joining = numbers.iter().enumerate().map(|(place, number)| {
            let worker = tenant.account(&login(number), INITIAL);
            // Everybody sits somewhere else: one address has a limit of its own.
            let at = group * SIGN_INS + place;
            let worker = worker.from_address(&format!("10.{}.{}.{}", at >> 16 & 255, at >> 8 & 255, at & 255));
            async move {
                let change = json!({ "current_password": INITIAL, "new_password": OWN });
                let changed = worker.call("PUT", "/v1/me/password", &[], Some(change)).await;
                if changed.status == 200 { Ok(worker) } else { Err(changed.json().to_string()) }
            }
        });
        for worker in futures_util::future::join_all(joining).await {
            workers.push(worker?);
        }
    }
    Ok(workers)
}
