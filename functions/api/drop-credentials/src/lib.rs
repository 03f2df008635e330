//! Credentials for dropping files: `POST /v1/drop-credentials`. They are a session of a role that may put files and nothing else, narrowed to the folders of the program
//! that asks; the session is named after it, so that S3 says of every file which program it came from. This function alone may enter the role.

use authz::{ImportKind, Permit, permission::DropFiles};
use aws_sdk_sts::{Client, error::ProvideErrorMetadata as _, types::Credentials};
use axum::{Extension, extract::State};
use domain::{ids::TenantId, time::Jst};
use endpoint::{Answer, App, Door, Kind, Problem};
use enumset::EnumSet;
use serde::Serialize;
use serde_json::{Value, json};
use store::DropGrant;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// For how long they are good, in seconds: the most that STS gives a role that was entered from another.
const SECONDS: i32 = 3_600;

/// What gives them out.
#[derive(Debug, Clone)]
pub struct Drops {
    sts: Client,
    role: String,
    bucket: String,
}

impl Drops {
    /// Sessions of `role`, for putting files into `bucket`.
    #[must_use]
    pub fn new(sts: Client, role: String, bucket: String) -> Self {
        Self { sts, role, bucket }
    }

    async fn enter(&self, grant: &DropGrant) -> Result<Credentials, Problem> {
        let request = self
            .sts
            .assume_role()
            .role_arn(&self.role)
            .role_session_name(grant.client.to_string())
            .duration_seconds(SECONDS)
            .policy(policy(&self.bucket, grant.tenant, grant.kinds).to_string());
        let answer = Box::pin(request.send()).await.map_err(|error| {
            tracing::error!(code = error.as_service_error().and_then(|error| error.code()), "AssumeRole failed");
            Problem::new(Kind::Unavailable)
        })?;
        answer.credentials.ok_or(Problem::new(Kind::Unavailable))
    }
}

/// The folders that files of these kinds go into.
fn folders(tenant: TenantId, kinds: EnumSet<ImportKind>) -> impl Iterator<Item = String> {
    kinds.iter().map(move |kind| format!("{tenant}/drop/{}/", kind.name()))
}

/// What of the role's rights a session keeps: its own folders. The keys' part is the role's own, which allows the bucket's key through S3 alone.
fn policy(bucket: &str, tenant: TenantId, kinds: EnumSet<ImportKind>) -> Value {
    let objects: Vec<_> = folders(tenant, kinds).map(|folder| format!("arn:aws:s3:::{bucket}/{folder}*")).collect();
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:PutObject", "s3:AbortMultipartUpload"], "Resource": objects},
            {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"}
        ]
    })
}

/// The routes.
#[must_use]
pub fn door(drops: Drops) -> Door {
    let routes = OpenApiRouter::new().routes(routes!(issue)).layer(Extension(drops));
    Door { name: "drop-credentials", heading: "ファイルの直接送信", routes }
}

/// Credentials for S3.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DropCredentials)]
struct DropCredentialsView {
    /// AWS のアクセスキーID。
    #[schema(example = "ASIAIOSFODNN7EXAMPLE")]
    access_key_id: String,
    /// AWS のシークレットアクセスキー。
    secret_access_key: String,
    /// AWS のセッショントークン。
    session_token: String,
    /// 有効期限。
    #[schema(value_type = String, format = DateTime)]
    expires_at: Jst,
    /// リージョン。
    #[schema(example = "ap-northeast-1")]
    region: String,
    /// 送信先のバケット。
    #[schema(example = "ailes-imports-123456789012")]
    bucket: String,
    /// 送信できるキーの先頭部分。この後にファイル名を付けます。
    #[schema(example = json!(["ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b/drop/employees/"]))]
    prefixes: Vec<String>,
}

/// Gives a program credentials for dropping files.
#[utoipa::path(
    post, path = "/v1/drop-credentials", operation_id = "issueDropCredentials", summary = "ファイルを直接送信するための一時的な認証情報を取得する",
    description = "APIクライアントだけが利用できます。許可された種別の場所にファイルを置くことだけができる、1時間有効な AWS の認証情報を返します。送信したファイルは、検査のときと反映のときに、このAPIクライアントの権限であらためて確認されます。",
    security(("token" = ["imports.drop"])), responses((status = 200, description = "認証情報", body = DropCredentialsView))
)]
async fn issue(
    State(app): State<App>,
    permit: Permit<DropFiles>,
    Extension(drops): Extension<Drops>,
) -> Result<Answer, Problem> {
    let prepared = app.store.drop_grant(&permit).await?;
    let credentials = drops.enter(&prepared.thing).await?;
    // Told to the trail before they are handed out; if it cannot be told, they are not.
    let grant = prepared.commit(&app.store).await?;
    Answer::ok(&DropCredentialsView {
        access_key_id: credentials.access_key_id,
        secret_access_key: credentials.secret_access_key,
        session_token: credentials.session_token,
        expires_at: app.clock().now().plus_seconds(SECONDS.into()),
        region: app.settings.region.clone(),
        bucket: drops.bucket.clone(),
        prefixes: folders(grant.tenant, grant.kinds).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r11_a_session_keeps_its_own_folders_and_nothing_else_of_the_bucket() {
        let tenant = TenantId::from_bytes([1; 16]);
        let policy = policy("imports", tenant, ImportKind::Employees | ImportKind::Checkups);
        let expected = ["employees", "checkups"].map(|kind| format!("arn:aws:s3:::imports/{tenant}/drop/{kind}/*"));
        assert_eq!(policy["Statement"][0]["Resource"], json!(expected));
        assert_eq!(policy["Statement"][1]["Action"], json!(["kms:GenerateDataKey", "kms:Decrypt"]));
        // All kinds at once stay within what STS takes: 2,048 characters.
        let longest = super::policy(&"b".repeat(63), tenant, EnumSet::all()).to_string();
        assert!(longest.len() < 2_048, "{}", longest.len());
    }
}
