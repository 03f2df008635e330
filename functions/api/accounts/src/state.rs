//! What stops an account and lets it go on. Each counts from the account's next request on.

use authz::{Permit, permission::ManageAccounts};
use axum::extract::State;
use domain::ids::AccountId;
use endpoint::{Answer, App, IfMatch, Json, Path, Problem, problem};

use crate::{answer, body::PasswordResetBody, view::AccountView};

/// Suspends an account.
#[utoipa::path(
    post, path = "/v1/accounts/{account_id}/suspend", operation_id = "suspendAccount", summary = "アカウントを停止する",
    description = "サインイン中の端末も直ちに利用できなくなります。利用可能なシステム管理者が1名もいなくなる停止はできません（409）。",
    params(("account_id" = String, Path, description = "アカウントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["accounts.manage"])), responses((status = 200, description = "停止したアカウント", body = AccountView))
)]
pub(crate) async fn suspend(
    State(app): State<App>,
    permit: Permit<ManageAccounts>,
    Path(account): Path<AccountId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.suspend_account(&permit, account, version.version()).await?;
    answer(&prepared.commit(&app.store).await?)
}

/// Resumes an account.
#[utoipa::path(
    post, path = "/v1/accounts/{account_id}/resume", operation_id = "resumeAccount", summary = "アカウントの停止を解除する",
    description = "退職した従業員のアカウントの停止は解除できません（409）。従業員を在籍に戻すと、退職前の状態に戻ります。",
    params(("account_id" = String, Path, description = "アカウントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["accounts.manage"])), responses((status = 200, description = "再開したアカウント", body = AccountView))
)]
pub(crate) async fn resume(
    State(app): State<App>,
    permit: Permit<ManageAccounts>,
    Path(account): Path<AccountId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.resume_account(&permit, account, version.version()).await?;
    answer(&prepared.commit(&app.store).await?)
}

/// Lifts the lock.
#[utoipa::path(
    post, path = "/v1/accounts/{account_id}/unlock", operation_id = "unlockAccount", summary = "サインインの抑止を解除する",
    description = "パスワードまたはワンタイムパスワードを5回続けて誤ったアカウントを、再びサインインできるようにします。",
    params(("account_id" = String, Path, description = "アカウントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["accounts.manage"])), responses((status = 200, description = "解除したアカウント", body = AccountView))
)]
pub(crate) async fn unlock(
    State(app): State<App>,
    permit: Permit<ManageAccounts>,
    Path(account): Path<AccountId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.unlock_account(&permit, account, version.version()).await?;
    answer(&prepared.commit(&app.store).await?)
}

/// Sets a new initial password.
#[utoipa::path(
    post, path = "/v1/accounts/{account_id}/password-reset", operation_id = "resetAccountPassword", summary = "パスワードを再設定する",
    description = "新しい初期パスワードを設定します。本人は次のサインインで変更が必要です。サインイン中の端末はすべて終了し、サインインの抑止は解除されます。",
    params(("account_id" = String, Path, description = "アカウントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = PasswordResetBody, security(("token" = ["accounts.manage"])),
    responses((status = 200, description = "再設定したアカウント", body = AccountView))
)]
pub(crate) async fn reset_password(
    State(app): State<App>,
    permit: Permit<ManageAccounts>,
    Path(account): Path<AccountId>,
    version: IfMatch,
    Json(body): Json<PasswordResetBody>,
) -> Result<Answer, Problem> {
    let password = body.initial_password.reveal();
    let reset = app.store.reset_password(&permit, account, version.version(), password).await?;
    let prepared = reset.map_err(|refused| problem::account_refused(&refused, "/initial_password"))?;
    answer(&prepared.commit(&app.store).await?)
}

/// Sends an invitation again.
#[utoipa::path(
    post, path = "/v1/accounts/{account_id}/invitation", operation_id = "inviteAgain", summary = "招待メールを再送する",
    description = "一度もサインインされていないアカウントに、72時間有効な招待メールを送信します。以前の招待は使えなくなります。",
    params(("account_id" = String, Path, description = "アカウントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["accounts.manage"])), responses((status = 200, description = "招待したアカウント", body = AccountView))
)]
pub(crate) async fn invite(
    State(app): State<App>,
    permit: Permit<ManageAccounts>,
    Path(account): Path<AccountId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.invite_again(&permit, account, version.version()).await?;
    answer(&prepared.commit(&app.store).await?)
}
