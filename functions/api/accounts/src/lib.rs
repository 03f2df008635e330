//! Accounts, for administrators: `/v1/accounts`.

mod body;
mod grants;
mod otp_reset;
mod review;
mod state;
mod view;

use authz::{
    AccountState, PermissionId, Permit, Role,
    permission::{DeleteAccounts, ExportAccounts, GrantRoles, ManageAccounts, ViewAccounts},
};
use axum::extract::State;
use axum::response::Response;
use domain::{ids::AccountId, time::Jst};
use endpoint::{
    Answer, App, Door, Filters, Further, IfMatch, Json, Kind, Pages, Path, Posted, Problem, limit, problem,
};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{AccountDetails, AccountFilter, AccountSort, Stored};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{AccountBody, NewAccountBody},
    view::{AccountPage, AccountView},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "accounts",
        heading: "アカウント",
        routes: OpenApiRouter::new()
            .routes(routes!(list, create))
            .routes(routes!(export))
            .routes(routes!(read, change, delete))
            .routes(routes!(state::suspend))
            .routes(routes!(state::resume))
            .routes(routes!(state::unlock))
            .routes(routes!(state::reset_password))
            .routes(routes!(state::invite))
            .routes(routes!(otp_reset::reset))
            .routes(routes!(grants::read, grants::change)),
    }
}

/// The account as an answer.
fn answer(stored: &Stored<AccountDetails>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&AccountView::of(&stored.record, true))?.version(stored.version))
}

/// What to list.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    q: Option<String>,
    role: Option<Role>,
    state: Option<AccountState>,
    unused_days: Option<u32>,
    sort: Option<AccountSort>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// The moment before which somebody must have signed in last, to have been away for so many days.
fn unused_since(app: &App, days: Option<u32>) -> Option<Jst> {
    days.map(|days| app.clock().now().plus_seconds(-86_400 * i64::from(days)))
}

/// Lists accounts.
#[utoipa::path(
    get, path = "/v1/accounts", operation_id = "listAccounts", summary = "アカウントの一覧",
    description = "絞り込みの条件によっては、1ページの件数が limit より少ない（0件の）ことがあります。next_cursor がなくなるまで読み進めてください。",
    params(
        ("q" = Option<String>, Query, description = "ログインID・氏名の一部", example = "佐藤"),
        ("role" = Option<String>, Query, description = "ロールで絞り込む（employee, manager, hr, health_officer, physician, nurse, stress_implementer, stress_clerk, administrator）", example = "hr"),
        ("state" = Option<String>, Query, description = "状態で絞り込む（invited, active, suspended）", example = "active"),
        ("unused_days" = Option<u32>, Query, description = "この日数以上サインインされていないものに絞り込む（作成後一度も使われていないものは作成日から数えます）", example = 90),
        ("sort" = Option<String>, Query, description = "並び順（created_at：登録順（既定）、login_id：ログインID順）", example = "login_id"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["accounts.view"])), responses((status = 200, description = "アカウント", body = AccountPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewAccounts>,
    uri: Uri,
    Filters(query): Filters<ListQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let names = permit.sees(PermissionId::SeeNames).is_some();
    if !names && (query.q.is_some() || query.sort == Some(AccountSort::LoginId)) {
        // Searching and sorting tell what is not shown.
        return Err(Problem::new(Kind::Forbidden));
    }
    let pages = Pages::of(&app, &permit, "accounts", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let sort = query.sort.unwrap_or_default();
    let unused_since = unused_since(&app, query.unused_days);
    let filter = AccountFilter { q: query.q.clone(), role: query.role, state: query.state, unused_since, sort };
    let (accounts, next) = app.store.accounts(&permit, &filter, after, limit).await?;
    let items = accounts.iter().map(|account| AccountView::of(&account.record, names)).collect();
    pages.answer(&uri, next, |next_cursor| AccountPage { items, next_cursor }).await
}

/// Which accounts to take away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    role: Option<Role>,
    state: Option<AccountState>,
    unused_days: Option<u32>,
}

/// Takes the list of accounts away as a file.
#[utoipa::path(
    get, path = "/v1/accounts/review", operation_id = "exportAccounts", summary = "アカウントの棚卸し用の一覧を CSV で取得する",
    description = "全アカウントの状態・権限・最終サインイン日時を1つの CSV（UTF-8、BOM付き）で返します。監査記録に残ります。5分以内のワンタイムパスワードが必要です。",
    params(
        ("role" = Option<String>, Query, description = "ロールで絞り込む", example = "hr"),
        ("state" = Option<String>, Query, description = "状態で絞り込む（invited, active, suspended）", example = "active"),
        ("unused_days" = Option<u32>, Query, description = "この日数以上サインインされていないものに絞り込む", example = 90)
    ),
    security(("token" = ["accounts.export"])), responses((status = 200, description = "一覧", body = String, content_type = "text/csv"))
)]
async fn export(
    State(app): State<App>,
    permit: Permit<ExportAccounts>,
    Filters(query): Filters<ExportQuery>,
) -> Result<Response, Problem> {
    let unused_since = unused_since(&app, query.unused_days);
    let filter = AccountFilter { role: query.role, state: query.state, unused_since, ..AccountFilter::default() };
    let accounts = app.store.all_accounts(&permit, &filter).await?;
    review::file(&accounts, app.clock().now()).answer(Response::default(), "accounts.csv")
}

/// Makes an account.
#[utoipa::path(
    post, path = "/v1/accounts", operation_id = "createAccount", summary = "アカウントを作成する",
    description = "初期パスワードは最初のサインインで変更が必要です。省略すると、72時間有効な招待メールを送信し、本人がパスワードを設定します。grants を指定する場合は、権限付与（accounts.grant）の権限と5分以内のワンタイムパスワードも必要です。1人の従業員に作成できるアカウントは1つです。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に作成されません")),
    request_body = NewAccountBody, security(("token" = ["accounts.manage"])),
    responses((status = 201, description = "作成しました", body = AccountView))
)]
async fn create(
    State(app): State<App>,
    permit: Permit<ManageAccounts>,
    granting: Further<GrantRoles>,
    posted: Posted<NewAccountBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: NewAccountBody| {
        let new = body.checked()?;
        let granting = if new.grants.is_empty() { None } else { Some(granting.demand()?) };
        let made = app.store.create_account(&permit, granting.as_ref(), new).await?;
        made.map_err(|refused| problem::account_refused(&refused, "/initial_password"))
    };
    let answer = |made: &Stored<AccountDetails>| {
        let location = format!("/v1/accounts/{}", made.record.account.id);
        Ok(Answer::created(location, &AccountView::of(&made.record, true))?.version(made.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads an account.
#[utoipa::path(
    get, path = "/v1/accounts/{account_id}", operation_id = "readAccount", summary = "アカウントを確認する",
    params(("account_id" = String, Path, description = "アカウントのID")),
    security(("token" = ["accounts.view"])), responses((status = 200, description = "アカウント", body = AccountView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewAccounts>,
    Path(account): Path<AccountId>,
) -> Result<Answer, Problem> {
    let stored = app.store.account(&permit, account).await?;
    let names = permit.sees(PermissionId::SeeNames).is_some();
    Ok(Answer::ok(&AccountView::of(&stored.record, names))?.version(stored.version))
}

/// Changes an account.
#[utoipa::path(
    patch, path = "/v1/accounts/{account_id}", operation_id = "changeAccount", summary = "アカウントを変更する",
    description = "指定した項目だけを変更します。人事権を持つ者は、ストレスチェックの実施者・実施事務従事者になれません（409）。自分の人事権は変更できません。",
    params(("account_id" = String, Path, description = "アカウントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = AccountBody, security(("token" = ["accounts.manage"])),
    responses((status = 200, description = "変更後のアカウント", body = AccountView))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ManageAccounts>,
    Path(account): Path<AccountId>,
    version: IfMatch,
    Json(body): Json<AccountBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.change_account(&permit, account, version.version(), body.checked()?).await?;
    answer(&prepared.commit(&app.store).await?)
}

/// Deletes an account.
#[utoipa::path(
    delete, path = "/v1/accounts/{account_id}", operation_id = "deleteAccount", summary = "アカウントを削除する",
    description = "サインイン中の端末も直ちに利用できなくなります。利用可能なシステム管理者が1名もいなくなる削除はできません（409）。5分以内のワンタイムパスワードが必要です。",
    params(("account_id" = String, Path, description = "アカウントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["accounts.delete"])), responses((status = 204, description = "削除しました"))
)]
async fn delete(
    State(app): State<App>,
    permit: Permit<DeleteAccounts>,
    Path(account): Path<AccountId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.delete_account(&permit, account, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}
