//! What administrators read of programs.

use authz::ImportKind;
use domain::{
    ids::{AccountId, ClientCredentialId, ClientId, TenantId},
    time::Jst,
};
use serde::Serialize;
use store::{ClientCredential, CredentialState, MadeClient, ShownClient, StoredProof};
use utoipa::ToSchema;

/// A program.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiClient)]
pub(crate) struct ApiClientView {
    /// APIクライアントのID。
    #[schema(value_type = String, example = "cli_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: ClientId,
    /// アクセストークンを取得するときの `client_id`。
    #[schema(example = "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b.cli_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    oauth_client_id: String,
    /// 名称。
    #[schema(example = "勤怠システム連携")]
    name: String,
    /// 与えた権限。
    #[schema(example = json!(["employees.view", "names.see"]))]
    scopes: Vec<&'static str>,
    /// 直接送信して取り込めるファイルの種別。
    #[schema(value_type = Vec<String>, example = json!(["departments", "employees"]))]
    drop_kinds: Vec<ImportKind>,
    /// 許可する接続元。空の場合は、契約企業のIPアドレス制御に従います。
    #[schema(example = json!(["203.0.113.0/24"]))]
    ip_rules: Vec<String>,
    /// 認証情報（古い順。無効になったものを含め10件まで）。
    credentials: Vec<CredentialView>,
    /// 登録した日時。
    #[schema(value_type = String, format = DateTime)]
    created_at: Jst,
    /// 登録した管理者のアカウントのID。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<AccountId>,
    /// 最後に変更した日時。
    #[schema(value_type = String, format = DateTime)]
    updated_at: Jst,
}

/// What a program proves itself with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiClientCredential)]
struct CredentialView {
    /// 認証情報のID。
    #[schema(value_type = String, example = "crd_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: ClientCredentialId,
    /// 種類（`secret`：`client_secret`、`public_key`：公開鍵）。
    #[schema(example = "public_key")]
    kind: &'static str,
    /// 署名の方式。
    #[schema(example = "ES256")]
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<&'static str>,
    /// 状態（`live`：有効、`ending`：更新済みで、まもなく無効、`ended`：無効、`revoked`：失効）。
    #[schema(value_type = String, example = "live")]
    state: CredentialState,
    /// 最後に利用された日時（1分単位）。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Jst>,
    /// 無効になる日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<Jst>,
    /// 失効させた日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Jst>,
    /// 作成した日時。
    #[schema(value_type = String, format = DateTime)]
    created_at: Jst,
    /// 作成した管理者のアカウントのID。
    #[schema(value_type = Option<String>, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<AccountId>,
}

impl CredentialView {
    fn of(credential: &ClientCredential, last_used_at: Option<Jst>, now: Jst) -> Self {
        let (kind, algorithm) = match &credential.proof {
            StoredProof::Secret(_) => ("secret", None),
            StoredProof::PublicKey(key) => ("public_key", Some(key.algorithm())),
        };
        Self {
            id: credential.id,
            kind,
            algorithm,
            state: credential.state(now),
            last_used_at,
            ends_at: credential.ends_at,
            revoked_at: credential.revoked_at,
            created_at: credential.created_at,
            created_by: credential.created_by,
        }
    }
}

impl ApiClientView {
    pub(crate) fn of(tenant: TenantId, shown: &ShownClient, now: Jst) -> Self {
        let client = &shown.client.record;
        let credentials = client.credentials.iter();
        let last_used = |credential: &ClientCredential| shown.last_used.get(&credential.id).copied();
        Self {
            id: client.id,
            oauth_client_id: client.oauth_id(tenant),
            name: client.name.to_string(),
            scopes: client.scopes.iter().map(authz::PermissionId::name).collect(),
            drop_kinds: client.drop_kinds.iter().collect(),
            ip_rules: client.addresses.networks().collect(),
            credentials: credentials.map(|one| CredentialView::of(one, last_used(one), now)).collect(),
            created_at: client.created_at,
            created_by: client.created_by,
            updated_at: client.updated_at,
        }
    }
}

/// A program with a credential that was made for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MadeApiClient)]
pub(crate) struct MadeApiClientView {
    /// APIクライアント。
    client: ApiClientView,
    /// 作成した認証情報のID。
    #[schema(value_type = String, example = "crd_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    credential_id: ClientCredentialId,
    /// 生成した `client_secret`。この応答だけで返し、後から確認することはできません。
    #[schema(example = "q2X9…")]
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

impl MadeApiClientView {
    pub(crate) fn of(tenant: TenantId, made: &MadeClient, secret: Option<&str>, now: Jst) -> Self {
        Self {
            client: ApiClientView::of(tenant, &made.client, now),
            credential_id: made.credential,
            client_secret: secret.map(str::to_owned),
        }
    }
}

/// One page of programs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiClientPage {
    /// APIクライアント。
    pub(crate) items: Vec<ApiClientView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}
