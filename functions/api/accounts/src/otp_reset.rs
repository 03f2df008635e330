//! Resets somebody else's second factor.

use authz::{Permit, permission::ResetOtp};
use axum::extract::State;
use domain::ids::AccountId;
use endpoint::{Answer, App, IfMatch, Path, Problem};

use crate::{answer, view::AccountView};

/// Resets a second factor, or asks another administrator to confirm that.
#[utoipa::path(
    post, path = "/v1/accounts/{account_id}/otp-reset", operation_id = "resetAccountOtp", summary = "ワンタイムパスワードの登録を解除する",
    description = "端末とリカバリーコードを失くした人の登録を解除します。従業員のアカウントは直ちに解除されます（200）。従業員以外の権限があるアカウントは2名のシステム管理者が必要で、1人目の操作は依頼として24時間保持され（202）、別のシステム管理者が同じ操作をすると解除されます（200）。解除するとサインイン中の端末はすべて終了します。対象者とシステム管理者にメールで通知します。自分の登録は解除できません（403）。5分以内のワンタイムパスワードが必要です。",
    params(("account_id" = String, Path, description = "アカウントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["accounts.otp_reset"])),
    responses((status = 200, description = "解除したアカウント", body = AccountView), (status = 202, description = "別のシステム管理者の承認待ち", body = AccountView))
)]
pub(crate) async fn reset(
    State(app): State<App>,
    permit: Permit<ResetOtp>,
    Path(account): Path<AccountId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let reset = app.store.reset_otp(&permit, account, version.version()).await?.commit(&app.store).await?;
    if reset.done {
        return answer(&reset.account);
    }
    Ok(Answer::accepted(&AccountView::of(&reset.account.record, true))?.version(reset.account.version))
}
