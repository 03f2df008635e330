//! Contracts (契約), for operators: `/v1/contracts`.

mod body;
mod certificate;
mod glass;
mod view;

use authz::{
    Permit,
    permission::{HoldContracts, ManageContracts, TerminateContracts},
};
use axum::extract::State;
use domain::ids::TenantId;
use endpoint::{
    Answer, Answers, App, Checks, Door, Filters, IfMatch, Json, Pages, Path, Posted, Problem, limit, problem,
};
use http::Uri;
use serde::{Deserialize, Serialize};
use store::{ContractState, Contracted};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{ContractChangeBody, HoldBody, NewContractBody, TerminationBody},
    view::{ContractPage, ContractView, ContractedView},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "contracts",
        heading: "契約（運営事業者）",
        routes: OpenApiRouter::new()
            .routes(routes!(list, create))
            .routes(routes!(read, change))
            .routes(routes!(terminate))
            .routes(routes!(withdraw))
            .routes(routes!(hold))
            .routes(routes!(release))
            .routes(routes!(certificate::read))
            .routes(routes!(certificate::signature))
            .routes(routes!(certificate::keys))
            .routes(routes!(glass::break_glass, glass::broken, glass::mend))
            .routes(routes!(glass::reset_otp)),
    }
}

/// What to list.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    state: Option<ContractState>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists contracts.
#[utoipa::path(
    get, path = "/v1/contracts", operation_id = "listContracts", summary = "契約の一覧",
    params(
        ("state" = Option<String>, Query, description = "状態で絞り込む（active, terminated, purging, stress_check_only, purged）", example = "terminated"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["contracts.manage"])), responses((status = 200, description = "登録順", body = ContractPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ManageContracts>,
    uri: Uri,
    Filters(query): Filters<ListQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "contracts", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (contracts, next) = app.store.contracts(&permit, query.state, after, limit).await?;
    let items = contracts.iter().map(|contract| ContractView::of(&contract.record)).collect();
    pages.answer(&uri, next, |next_cursor| ContractPage { items, next_cursor }).await
}

/// Makes a contract with its tenant and first administrator.
#[utoipa::path(
    post, path = "/v1/contracts", operation_id = "createContract", summary = "契約を登録する",
    description = "契約企業と、最初のシステム管理者のアカウントを同時に作成します。初期パスワードを省略すると自動で生成し、この応答で一度だけ返します（同じ Idempotency-Key で再送した場合の応答には含まれません）。最初のサインインでパスワードの変更が必要です。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に作成されません")),
    request_body = NewContractBody, security(("token" = ["contracts.manage"])),
    responses((status = 201, description = "登録しました", body = ContractedView))
)]
async fn create(
    State(app): State<App>,
    permit: Permit<ManageContracts>,
    posted: Posted<NewContractBody>,
) -> Result<Answer, Problem> {
    let is_given = posted.body.administrator.initial_password.is_some();
    let generated = if is_given { None } else { Some(app.store.generated_password()?) };
    let prepare = async |body: NewContractBody| {
        let new = body.checked(app.clock().now().date(), generated.clone())?;
        let made = app.store.create_contract(&permit, new).await?;
        made.map_err(|refused| problem::account_refused(&refused, "/administrator/initial_password"))
    };
    let answers = |made: &Contracted| {
        let location = format!("/v1/contracts/{}", made.contract.record.tenant);
        let answer = |password: Option<&str>| {
            let view = ContractedView::of(made, password);
            Ok::<_, Problem>(Answer::created(location.clone(), &view)?.version(made.contract.version))
        };
        Ok(Answers { first: answer(generated.as_ref().map(|password| password.as_str()))?, kept: answer(None)? })
    };
    posted.once_showing(&app, &permit, prepare, answers).await
}

/// Reads a contract.
#[utoipa::path(
    get, path = "/v1/contracts/{tenant_id}", operation_id = "readContract", summary = "契約を確認する",
    description = "解約済みの契約には、データ削除の予定日などを表示します。ストレスチェックのデータは、その契約期間に従い個別の予定日となります。",
    params(("tenant_id" = String, Path, description = "契約企業のID")),
    security(("token" = ["contracts.manage"])), responses((status = 200, description = "契約", body = ContractView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ManageContracts>,
    Path(tenant): Path<TenantId>,
) -> Result<Answer, Problem> {
    let contract = app.store.contract(&permit, tenant).await?;
    Ok(Answer::ok(&ContractView::of(&contract.record))?.version(contract.version))
}

/// Changes a contract.
#[utoipa::path(
    patch, path = "/v1/contracts/{tenant_id}", operation_id = "changeContract", summary = "契約を変更する",
    description = "指定した項目だけを変更します。services を指定した場合は一覧全体を置き換えます。",
    params(("tenant_id" = String, Path, description = "契約企業のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = ContractChangeBody, security(("token" = ["contracts.manage"])),
    responses((status = 200, description = "変更後の契約", body = ContractView))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ManageContracts>,
    Path(tenant): Path<TenantId>,
    version: IfMatch,
    Json(body): Json<ContractChangeBody>,
) -> Result<Answer, Problem> {
    let change = body.checked(app.clock().now().date())?;
    let prepared = app.store.change_contract(&permit, tenant, version.version(), change).await?;
    let contract = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&ContractView::of(&contract.record))?.version(contract.version))
}

/// Ends a contract.
#[utoipa::path(
    post, path = "/v1/contracts/{tenant_id}/terminate", operation_id = "terminateContract", summary = "契約を終了する",
    description = "契約の最終日を指定します（日本時間の当日以降）。最終日の24時に従業員のサインインを終了し、翌月末までにデータを完全に削除します。5分以内のワンタイムパスワードが必要です。",
    params(("tenant_id" = String, Path, description = "契約企業のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = TerminationBody, security(("token" = ["contracts.terminate"])),
    responses((status = 200, description = "終了予定の契約", body = ContractView))
)]
async fn terminate(
    State(app): State<App>,
    permit: Permit<TerminateContracts>,
    Path(tenant): Path<TenantId>,
    version: IfMatch,
    Json(body): Json<TerminationBody>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::new();
    if body.terminates_on < app.clock().now().date() {
        checks.fault("/terminates_on", "in_the_past", "終了日には本日以降の日付を指定してください。");
    }
    let day = checks.finish(Some(body.terminates_on))?;
    let prepared = app.store.terminate_contract(&permit, tenant, version.version(), day).await?;
    let contract = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&ContractView::of(&contract.record))?.version(contract.version))
}

/// Takes a termination back.
#[utoipa::path(
    post, path = "/v1/contracts/{tenant_id}/withdraw", operation_id = "withdrawTermination", summary = "契約の終了を取り消す",
    description = "データの削除が始まるまで取り消せます。5分以内のワンタイムパスワードが必要です。",
    params(("tenant_id" = String, Path, description = "契約企業のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["contracts.terminate"])), responses((status = 200, description = "有効な契約", body = ContractView))
)]
async fn withdraw(
    State(app): State<App>,
    permit: Permit<TerminateContracts>,
    Path(tenant): Path<TenantId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.withdraw_termination(&permit, tenant, version.version()).await?;
    let contract = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&ContractView::of(&contract.record))?.version(contract.version))
}

/// Puts a hold on everything that belongs to a contract.
#[utoipa::path(
    post, path = "/v1/contracts/{tenant_id}/hold", operation_id = "holdContract", summary = "契約のデータを保全する",
    description = "裁判所・官公庁からの要請や紛争などのため、契約企業のすべてのデータと契約記録を保全します。保全中は、データの削除を開始せず、開始済みの削除は次の段階に進む前に止め、保存期間が過ぎた記録も削除しません。理由は契約記録に暗号化して残し、開始は運営事業者と契約企業の両方の監査記録に残します。5分以内のワンタイムパスワードが必要です。",
    params(("tenant_id" = String, Path, description = "契約企業のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = HoldBody, security(("token" = ["contracts.hold"])),
    responses((status = 200, description = "保全中の契約", body = ContractView))
)]
async fn hold(
    State(app): State<App>,
    permit: Permit<HoldContracts>,
    Path(tenant): Path<TenantId>,
    version: IfMatch,
    Json(body): Json<HoldBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.hold_contract(&permit, tenant, version.version(), body.checked()?).await?;
    let contract = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&ContractView::of(&contract.record))?.version(contract.version))
}

/// Lifts it.
#[utoipa::path(
    post, path = "/v1/contracts/{tenant_id}/release", operation_id = "releaseContract", summary = "契約のデータの保全を解除する",
    description = "保全中に予定日を過ぎたデータの削除は、翌日から始まります。解除は運営事業者と契約企業の両方の監査記録に残します。5分以内のワンタイムパスワードが必要です。",
    params(("tenant_id" = String, Path, description = "契約企業のID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = HoldBody, security(("token" = ["contracts.hold"])),
    responses((status = 200, description = "保全を解除した契約", body = ContractView))
)]
async fn release(
    State(app): State<App>,
    permit: Permit<HoldContracts>,
    Path(tenant): Path<TenantId>,
    version: IfMatch,
    Json(body): Json<HoldBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.release_contract(&permit, tenant, version.version(), body.checked()?).await?;
    let contract = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&ContractView::of(&contract.record))?.version(contract.version))
}
