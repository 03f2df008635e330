//! Deletion certificates (データ削除証明書), for operators to hand on; and the keys that anybody verifies them with.

use authz::{Permit, permission::ManageContracts};
use axum::extract::State;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{ids::TenantId, time::Jst};
use endpoint::{Answer, App, Path, Problem};
use serde::Serialize;
use serde_json::value::RawValue;
use store::{CertificateKey, Error};
use utoipa::ToSchema;

/// The signature over a certificate's bytes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CertificateSignature)]
pub(crate) struct SignatureView {
    /// 署名した鍵のID。`/v1/certificate-keys` の kid と一致します。
    #[schema(example = "c0001")]
    kid: String,
    /// 署名の方式（ECDSA P-256、SHA-256、DER形式）。
    #[schema(example = "ECDSA-P256-SHA256-DER")]
    algorithm: &'static str,
    /// 署名（Base64）。
    #[schema(example = "MEUCIQDxqP2m…")]
    signature: String,
}

/// Public keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CertificateKeys)]
pub(crate) struct KeysView {
    /// 公開鍵。
    keys: Vec<KeyView>,
}

/// A public key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CertificateKey)]
struct KeyView {
    /// 鍵のID。
    #[schema(example = "c0001")]
    kid: String,
    /// 使用を開始した日時。
    #[schema(value_type = String, format = DateTime)]
    made_at: Jst,
    /// 公開鍵（PEM形式）。
    #[schema(
        example = "-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…\\n-----END PUBLIC KEY-----\\n"
    )]
    pem: String,
}

impl From<CertificateKey> for KeyView {
    fn from(CertificateKey { kid, made_at, pem }: CertificateKey) -> Self {
        Self { kid, made_at, pem }
    }
}

/// Reads a certificate: byte for byte what was signed.
#[utoipa::path(
    get, path = "/v1/contracts/{tenant_id}/deletion-certificate", operation_id = "readDeletionCertificate", summary = "データ削除証明書を取得する",
    description = "データの削除が完了した契約の証明書です。何を何件、いつ、どの処理で削除したか、暗号化されたまま残る複製とその期限、復元できなくなる日（unrecoverable_from）を記載しています。ストレスチェックの契約期間が個別に定められている場合は、先にそのほかのデータの証明書（spared_for_stress_check に残したものと削除の予定日を記載）を、ストレスチェックのデータの削除後にもう1通（earlier_deletion に先の証明書を記載）を発行し、最後に発行したものを返します。応答の本文がそのまま署名の対象です。保存したファイルを変更せずに契約企業へ渡してください。",
    params(("tenant_id" = String, Path, description = "契約企業のID")),
    security(("token" = ["contracts.manage"])),
    responses((status = 200, description = "データ削除証明書（JSON）", body = serde_json::Value))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ManageContracts>,
    Path(tenant): Path<TenantId>,
) -> Result<Answer, Problem> {
    let certificate = app.store.deletion_certificate(&permit, tenant).await?;
    Answer::ok(&RawValue::from_string(certificate.text).map_err(Error::from)?)
}

/// Reads its signature.
#[utoipa::path(
    get, path = "/v1/contracts/{tenant_id}/deletion-certificate/signature", operation_id = "readDeletionCertificateSignature", summary = "データ削除証明書の署名を取得する",
    description = "証明書のファイルとは別の署名です。openssl などで、/v1/certificate-keys の公開鍵を使って確認できます。",
    params(("tenant_id" = String, Path, description = "契約企業のID")),
    security(("token" = ["contracts.manage"])), responses((status = 200, description = "署名", body = SignatureView))
)]
pub(crate) async fn signature(
    State(app): State<App>,
    permit: Permit<ManageContracts>,
    Path(tenant): Path<TenantId>,
) -> Result<Answer, Problem> {
    let signature = app.store.deletion_certificate(&permit, tenant).await?.signature;
    let (kid, signature) = (signature.kid, STANDARD.encode(signature.der));
    Answer::ok(&SignatureView { kid, algorithm: "ECDSA-P256-SHA256-DER", signature })
}

/// Reads the public keys.
#[utoipa::path(
    get, path = "/v1/certificate-keys", operation_id = "readCertificateKeys", summary = "データ削除証明書の署名を検証する公開鍵の一覧",
    description = "認証は不要です。それぞれの鍵は、その鍵で署名した証明書が保存されている間、公開されます。アクセストークンの署名には別の鍵を使用します。",
    responses((status = 200, description = "公開鍵", body = KeysView))
)]
pub(crate) async fn keys(State(app): State<App>) -> Result<Answer, Problem> {
    let keys = app.store.certificate_keys().await?.into_iter().map(KeyView::from).collect();
    Answer::ok(&KeysView { keys })
}
