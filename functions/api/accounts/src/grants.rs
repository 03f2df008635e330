//! What accounts are granted: roles with their reach.

use authz::{Permit, permission::GrantRoles};
use axum::extract::State;
use domain::ids::AccountId;
use endpoint::{Answer, App, IfMatch, Json, Path, Problem, problem};

use crate::{body::GrantsBody, view::GrantsView};

/// Reads the grants of an account.
#[utoipa::path(
    get, path = "/v1/accounts/{account_id}/grants", operation_id = "readGrants", summary = "付与した権限を確認する",
    description = "5分以内のワンタイムパスワードが必要です。",
    params(("account_id" = String, Path, description = "アカウントのID")),
    security(("token" = ["accounts.grant"])), responses((status = 200, description = "付与した権限", body = GrantsView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<GrantRoles>,
    Path(account): Path<AccountId>,
) -> Result<Answer, Problem> {
    let grants = app.store.account_grants(&permit, account).await?;
    Ok(Answer::ok(&GrantsView::of(&grants.record))?.version(grants.version))
}

/// Replaces the grants of an account.
#[utoipa::path(
    put, path = "/v1/accounts/{account_id}/grants", operation_id = "changeGrants", summary = "権限を付与する",
    description = "一覧全体を置き換え、次のリクエストから有効になります。自分の権限は変更できません（403）。12文字未満のパスワードの従業員に権限を付与すると、パスワードの変更が必要になります。人事権を持つ者はストレスチェックの実施者・実施事務従事者になれず、利用可能なシステム管理者が1名もいなくなる変更はできません（409）。5分以内のワンタイムパスワードが必要です。",
    params(("account_id" = String, Path, description = "アカウントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = GrantsBody, security(("token" = ["accounts.grant"])),
    responses((status = 200, description = "変更後の権限", body = GrantsView))
)]
pub(crate) async fn change(
    State(app): State<App>,
    permit: Permit<GrantRoles>,
    Path(account): Path<AccountId>,
    version: IfMatch,
    Json(body): Json<GrantsBody>,
) -> Result<Answer, Problem> {
    let changed = app.store.change_grants(&permit, account, version.version(), body.checked()?).await?;
    let prepared = changed.map_err(|refused| problem::account_refused(&refused, ""))?;
    let grants = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&GrantsView::of(&grants.record))?.version(grants.version))
}
