//! Programs as callers (APIクライアント): `/v1/api-clients`.

mod body;
mod jwks;
mod view;

use authz::{
    Permit,
    permission::{ManageApiClients, ViewApiClients},
};
use axum::extract::State;
use domain::ids::{ClientCredentialId, ClientId};
use endpoint::{
    Answer, Answers, App, Caller, Door, Filters, IfMatch, Json, PageQuery, Pages, Path, Posted, Problem, limit,
};
use http::Uri;
use store::MadeClient;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{ApiClientChangeBody, NewApiClientBody, RotationBody},
    view::{ApiClientPage, ApiClientView, MadeApiClientView},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "api-clients",
        heading: "APIクライアント（プログラムからの利用）",
        routes: OpenApiRouter::new()
            .routes(routes!(list, create))
            .routes(routes!(read, change, delete))
            .routes(routes!(rotate))
            .routes(routes!(revoke))
            .routes(routes!(jwks::read))
            .routes(routes!(jwks::read_of_v1)),
    }
}

/// Lists the tenant's programs.
#[utoipa::path(
    get, path = "/v1/api-clients", operation_id = "listApiClients", summary = "APIクライアントの一覧",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["api_clients.view"])), responses((status = 200, description = "登録順", body = ApiClientPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewApiClients>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "api-clients", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (clients, next) = app.store.clients(&permit, after, limit).await?;
    let items = clients.iter().map(|client| ApiClientView::of(permit.tenant(), client, app.clock().now())).collect();
    pages.answer(&uri, next, |next_cursor| ApiClientPage { items, next_cursor }).await
}

/// What is answered where a credential was made: the secret first, and never again.
fn answers(app: &App, permit: &Permit<ManageApiClients>, made: &MadeClient, created: bool) -> Result<Answers, Problem> {
    let version = made.client.client.version;
    let answer = |secret: Option<&str>| {
        let view = MadeApiClientView::of(permit.tenant(), made, secret, app.clock().now());
        let location = format!("/v1/api-clients/{}", made.client.client.record.id);
        let answer = if created { Answer::created(location, &view) } else { Answer::ok(&view) };
        Ok::<_, Problem>(answer?.version(version))
    };
    Ok(Answers { first: answer(made.secret.as_ref().map(|secret| secret.as_str()))?, kept: answer(None)? })
}

/// Lets a program in.
#[utoipa::path(
    post, path = "/v1/api-clients", operation_id = "createApiClient", summary = "APIクライアントを登録する",
    description = "社内のシステムなど、プログラムからの利用を許可します（20件まで）。与えられるのは、登録する管理者自身が契約企業全体に対して持つ権限のうち、プログラムに開放されているものだけです。public_key に公開鍵（JWK）を登録すると、秘密の値を受け渡さずに利用できます（推奨）。省略すると client_secret を生成し、この応答で一度だけ返します（同じ Idempotency-Key で再送した場合の応答には含まれません）。5分以内のワンタイムパスワードが必要です。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に作成されません")),
    request_body = NewApiClientBody, security(("token" = ["api_clients.manage"])),
    responses((status = 201, description = "登録しました", body = MadeApiClientView))
)]
async fn create(
    State(app): State<App>,
    permit: Permit<ManageApiClients>,
    caller: Caller,
    posted: Posted<NewApiClientBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: NewApiClientBody| Ok(app.store.create_client(&permit, body.checked(&caller)?)?);
    posted.once_showing(&app, &permit, prepare, |made| answers(&app, &permit, made, true)).await
}

/// Reads a program.
#[utoipa::path(
    get, path = "/v1/api-clients/{client_id}", operation_id = "readApiClient", summary = "APIクライアントを確認する",
    params(("client_id" = String, Path, description = "APIクライアントのID")),
    security(("token" = ["api_clients.view"])), responses((status = 200, description = "APIクライアント", body = ApiClientView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewApiClients>,
    Path(client): Path<ClientId>,
) -> Result<Answer, Problem> {
    let shown = app.store.client(&permit, client).await?;
    let view = ApiClientView::of(permit.tenant(), &shown, app.clock().now());
    Ok(Answer::ok(&view)?.version(shown.client.version))
}

/// Changes a program.
#[utoipa::path(
    patch, path = "/v1/api-clients/{client_id}", operation_id = "changeApiClient", summary = "APIクライアントを変更する",
    description = "指定した項目だけを変更します。一覧の項目は全体を置き換えます。次のリクエストから有効です。5分以内のワンタイムパスワードが必要です。",
    params(("client_id" = String, Path, description = "APIクライアントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = ApiClientChangeBody, security(("token" = ["api_clients.manage"])),
    responses((status = 200, description = "変更後のAPIクライアント", body = ApiClientView))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ManageApiClients>,
    caller: Caller,
    Path(client): Path<ClientId>,
    version: IfMatch,
    Json(body): Json<ApiClientChangeBody>,
) -> Result<Answer, Problem> {
    let change = body.checked(&caller)?;
    let prepared = app.store.change_client(&permit, client, version.version(), change).await?;
    let shown = prepared.commit(&app.store).await?;
    let view = ApiClientView::of(permit.tenant(), &shown, app.clock().now());
    Ok(Answer::ok(&view)?.version(shown.client.version))
}

/// Shuts a program out.
#[utoipa::path(
    delete, path = "/v1/api-clients/{client_id}", operation_id = "deleteApiClient", summary = "APIクライアントを削除する",
    description = "発行済みのアクセストークンは次のリクエストから無効になり、送信済みで未反映のファイルも取り込まれません。5分以内のワンタイムパスワードが必要です。",
    params(("client_id" = String, Path, description = "APIクライアントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["api_clients.manage"])), responses((status = 204, description = "削除しました"))
)]
async fn delete(
    State(app): State<App>,
    permit: Permit<ManageApiClients>,
    Path(client): Path<ClientId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.delete_client(&permit, client, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

/// Exchanges what a program proves itself with.
#[utoipa::path(
    post, path = "/v1/api-clients/{client_id}/rotate", operation_id = "rotateApiClient", summary = "認証情報を更新する",
    description = "新しい client_secret を生成するか、新しい公開鍵を登録します。新しい認証情報は直ちに有効です。これまでの認証情報は overlap_hours 後に無効になります（0 を指定すると、発行済みのアクセストークンとともに直ちに無効になります）。同時に有効な認証情報は2つまでです。5分以内のワンタイムパスワードが必要です。",
    params(
        ("client_id" = String, Path, description = "APIクライアントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag"),
        ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に更新されません")
    ),
    request_body = RotationBody, security(("token" = ["api_clients.manage"])),
    responses((status = 200, description = "更新しました", body = MadeApiClientView))
)]
async fn rotate(
    State(app): State<App>,
    permit: Permit<ManageApiClients>,
    Path(client): Path<ClientId>,
    version: IfMatch,
    posted: Posted<RotationBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: RotationBody| {
        let (credential, overlap) = body.checked()?;
        Ok(app.store.rotate_client(&permit, client, version.version(), credential, overlap).await?)
    };
    posted.once_showing(&app, &permit, prepare, |made| answers(&app, &permit, made, false)).await
}

/// Takes a credential back.
#[utoipa::path(
    post, path = "/v1/api-clients/{client_id}/credentials/{credential_id}/revoke", operation_id = "revokeApiClientCredential", summary = "認証情報を失効させる",
    description = "漏えいのおそれがある場合などに使用します。このAPIクライアントに発行済みのアクセストークンは、次のリクエストからすべて無効になります。5分以内のワンタイムパスワードが必要です。",
    params(
        ("client_id" = String, Path, description = "APIクライアントのID"), ("credential_id" = String, Path, description = "認証情報のID"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["api_clients.manage"])),
    responses((status = 200, description = "変更後のAPIクライアント", body = ApiClientView))
)]
async fn revoke(
    State(app): State<App>,
    permit: Permit<ManageApiClients>,
    Path((client, credential)): Path<(ClientId, ClientCredentialId)>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.revoke_client_credential(&permit, client, credential, version.version()).await?;
    let shown = prepared.commit(&app.store).await?;
    let view = ApiClientView::of(permit.tenant(), &shown, app.clock().now());
    Ok(Answer::ok(&view)?.version(shown.client.version))
}
