//! The list of accounts as a file, for the review of who may what (アカウントの棚卸し).

use authz::{AccountState, Grant, Scope};
use domain::time::Jst;
use endpoint::CsvFile;
use store::AccountDetails;

const HEADER: [&str; 12] = [
    "ログインID",
    "氏名",
    "状態",
    "サインインの抑止",
    "権限",
    "人事権",
    "ワンタイムパスワード",
    "最終サインイン日時",
    "未使用日数",
    "作成日時",
    "従業員ID",
    "アカウントID",
];

/// The whole file, as of `now`.
pub(crate) fn file(accounts: &[AccountDetails], now: Jst) -> CsvFile<12> {
    let mut file = CsvFile::new(HEADER);
    for AccountDetails { account, holder, state, locked, last_sign_in_at, .. } in accounts {
        let grants: Vec<String> = account.grants.iter().map(grant).collect();
        let used = last_sign_in_at.unwrap_or(account.created_at);
        let unused_days = (now.epoch_seconds() - used.epoch_seconds()).div_euclid(86_400);
        file.row([
            holder.login_id.as_str(),
            holder.name.as_str(),
            state_name(*state),
            yes(*locked),
            &grants.join(" / "),
            yes(account.personnel_authority),
            if account.otp { "登録済み" } else { "" },
            &last_sign_in_at.map(|at| at.to_string()).unwrap_or_default(),
            &unused_days.to_string(),
            &account.created_at.to_string(),
            &account.employee.map(|employee| employee.to_string()).unwrap_or_default(),
            &account.id.to_string(),
        ]);
    }
    file
}

const fn state_name(state: AccountState) -> &'static str {
    match state {
        AccountState::Invited => "未使用",
        AccountState::Active => "利用中",
        AccountState::Suspended => "停止中",
    }
}

const fn yes(is_so: bool) -> &'static str {
    if is_so { "はい" } else { "" }
}

fn grant(grant: &Grant) -> String {
    let scope = match &grant.scope {
        Scope::Tenant => "全社".to_owned(),
        Scope::Parts { workplaces, departments, labels } => {
            format!("事業場{}・部署{}・ラベル{}", workplaces.len(), departments.len(), labels.len())
        }
    };
    format!("{}（{scope}）", grant.role.japanese())
}
