//! What administrators send, and what is wrong with it.

use authz::{
    AddressRules, ClientKey, ClientKinds, ClientScopes, ImportKind, Jwk, KeyRefused, PermissionId, matrix::row_named,
};
use domain::organisation::OrganisationName;
use endpoint::{Caller, Checks, Problem};
use enumset::EnumSet;
use serde::Deserialize;
use store::{ClientChange, NewClient, NewClientCredential};
use utoipa::ToSchema;

/// How many networks one list has at most: every request of the program reads them.
const MOST_NETWORKS: usize = 20;
/// For how long the credential before stays good, in hours, unless somebody says otherwise.
const OVERLAP_HOURS: u16 = 72;
/// And at most.
const LONGEST_OVERLAP_HOURS: u16 = 720;

/// A new program.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApiClientBody {
    /// 名称。
    #[schema(example = "勤怠システム連携")]
    name: String,
    /// 与える権限（`employees.view`, `names.see`, `organisation.manage` など）。
    #[schema(example = json!(["employees.view", "names.see"]))]
    #[serde(default)]
    scopes: Vec<String>,
    /// 直接送信して取り込めるファイルの種別（契約で許可された種別のうち、必要なもの）。
    #[schema(example = json!(["departments", "employees"]))]
    #[serde(default)]
    drop_kinds: Vec<String>,
    /// 許可する接続元（IPv4・IPv6 の CIDR またはIPアドレス、20件まで）。空の場合は、契約企業のIPアドレス制御に従います。
    #[schema(example = json!(["203.0.113.0/24"]))]
    #[serde(default)]
    ip_rules: Vec<String>,
    /// 公開鍵（JWK。P-256、Ed25519、または2048ビット以上のRSA）。省略すると `client_secret` を生成します。
    #[schema(value_type = Option<Object>, example = json!({"kty": "EC", "crv": "P-256", "x": "…", "y": "…"}))]
    public_key: Option<Jwk>,
}

impl NewApiClientBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self, caller: &Caller) -> Result<NewClient, Problem> {
        let mut checks = Checks::new();
        let name = checks.field("/name", OrganisationName::parse(&self.name));
        let scopes = scopes(&mut checks, caller, &self.scopes);
        let kinds = kinds(&mut checks, caller, &self.drop_kinds);
        let addresses = addresses(&mut checks, &self.ip_rules);
        let credential = credential(&mut checks, self.public_key);
        let read = (|| {
            let (name, scopes, kinds) = (name?, scopes?, kinds?);
            Some(NewClient { name, scopes, kinds, addresses: addresses?, credential: credential? })
        })();
        checks.finish(read)
    }
}

/// A change of a program.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiClientChangeBody {
    /// 名称。
    #[schema(example = "勤怠システム連携（本番）")]
    name: Option<String>,
    /// 与える権限の一覧（全体を置き換えます）。
    #[schema(example = json!(["employees.view"]))]
    scopes: Option<Vec<String>>,
    /// 直接送信して取り込めるファイルの種別の一覧（全体を置き換えます）。
    #[schema(example = json!(["employees"]))]
    drop_kinds: Option<Vec<String>>,
    /// 許可する接続元の一覧（全体を置き換えます）。
    #[schema(example = json!(["203.0.113.0/24"]))]
    ip_rules: Option<Vec<String>>,
}

impl ApiClientChangeBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self, caller: &Caller) -> Result<ClientChange, Problem> {
        let mut checks = Checks::new();
        let change = ClientChange {
            name: checks.optional("/name", self.name.as_deref().map(OrganisationName::parse)),
            scopes: self.scopes.and_then(|names| scopes(&mut checks, caller, &names)),
            kinds: self.drop_kinds.and_then(|names| kinds(&mut checks, caller, &names)),
            addresses: self.ip_rules.and_then(|networks| addresses(&mut checks, &networks)),
        };
        checks.finish(Some(change))
    }
}

/// A new credential.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotationBody {
    /// 新しい公開鍵（JWK）。省略すると `client_secret` を生成します。
    #[schema(value_type = Option<Object>, example = json!({"kty": "EC", "crv": "P-256", "x": "…", "y": "…"}))]
    public_key: Option<Jwk>,
    /// これまでの認証情報を有効にしておく時間（0～720時間、既定72時間）。
    #[schema(example = 72)]
    overlap_hours: Option<u16>,
}

impl RotationBody {
    /// The credential, and for how many seconds the one before stays good.
    pub(crate) fn checked(self) -> Result<(NewClientCredential, i64), Problem> {
        let mut checks = Checks::new();
        let hours = self.overlap_hours.unwrap_or(OVERLAP_HOURS);
        if hours > LONGEST_OVERLAP_HOURS {
            checks.fault("/overlap_hours", "out_of_range", "0から720までの整数を指定してください。");
        }
        let credential = credential(&mut checks, self.public_key);
        checks.finish(credential.map(|credential| (credential, i64::from(hours) * 3_600)))
    }
}

fn scopes(checks: &mut Checks, caller: &Caller, names: &[String]) -> Option<ClientScopes> {
    let rows: Vec<_> = names.iter().map(|name| row_named(name).map(|row| row.permission)).collect();
    let given: EnumSet<PermissionId> = rows.iter().flatten().copied().collect();
    let (scopes, beyond) = match caller.client_scopes(given) {
        Ok(scopes) => (Some(scopes), EnumSet::empty()),
        Err(beyond) => (None, beyond),
    };
    let mut is_known = true;
    for (index, row) in rows.iter().enumerate() {
        let pointer = format!("/scopes/{index}");
        match row {
            None => {
                is_known = false;
                checks.fault(&pointer, "unknown_scope", "この名称の権限はありません。");
            }
            Some(permission) if beyond.contains(*permission) => {
                let detail = "あなた自身が契約企業全体に対して持たない権限か、プログラムには与えられない権限です。";
                checks.fault(&pointer, "beyond_reach", detail);
            }
            Some(_) => {}
        }
    }
    scopes.filter(|_| is_known)
}

fn kinds(checks: &mut Checks, caller: &Caller, names: &[String]) -> Option<ClientKinds> {
    let named: Vec<_> = names.iter().map(|name| ImportKind::named(name)).collect();
    let given: EnumSet<ImportKind> = named.iter().flatten().copied().collect();
    let (kinds, beyond) = match caller.client_kinds(given) {
        Ok(kinds) => (Some(kinds), EnumSet::empty()),
        Err(beyond) => (None, beyond),
    };
    let mut is_known = true;
    for (index, kind) in named.iter().enumerate().filter(|(_, kind)| kind.is_none_or(|kind| beyond.contains(kind))) {
        is_known &= kind.is_some();
        let detail = "この種別は直接送信できないか、契約で許可されていません。一覧から除いてください。";
        checks.fault(&format!("/drop_kinds/{index}"), "not_droppable", detail);
    }
    kinds.filter(|_| is_known)
}

fn addresses(checks: &mut Checks, networks: &[String]) -> Option<AddressRules> {
    if networks.len() > MOST_NETWORKS {
        checks.fault("/ip_rules", "too_many", "登録できるのは20件までです。");
        return None;
    }
    let wrong = match AddressRules::parse(networks.iter().map(String::as_str)) {
        Ok(rules) => return Some(rules),
        Err(wrong) => wrong,
    };
    for wrong in wrong {
        let detail = "IPアドレスまたは CIDR（例: 203.0.113.0/24）で指定してください。";
        checks.fault(&format!("/ip_rules/{}", wrong.index), "not_a_network", detail);
    }
    None
}

fn credential(checks: &mut Checks, key: Option<Jwk>) -> Option<NewClientCredential> {
    let Some(jwk) = key else { return Some(NewClientCredential::Secret) };
    let refused = match ClientKey::try_from(jwk) {
        Ok(key) => return Some(NewClientCredential::PublicKey(key)),
        Err(refused) => refused,
    };
    let (code, detail) = match refused {
        KeyRefused::Private => (
            "private_key",
            "秘密鍵が含まれています。送信した鍵は破棄し、新しく作成した鍵の公開鍵だけを登録してください。",
        ),
        KeyRefused::Unsupported => {
            ("unsupported_key", "P-256（ES256）、Ed25519（EdDSA）、RSA（RS256・PS256）の公開鍵を登録してください。")
        }
        KeyRefused::Size => ("key_size", "RSA の公開鍵は2048～4096ビット、公開指数 65537 のものを登録してください。"),
        KeyRefused::Broken => ("broken_key", "公開鍵として読み取れません。"),
    };
    checks.fault("/public_key", code, detail);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotation(body: &str) -> Result<i64, Vec<(String, String)>> {
        let body: RotationBody = serde_json::from_str(body).unwrap();
        let faults = |problem: Problem| problem.errors.into_iter().map(|fault| (fault.pointer, fault.code)).collect();
        body.checked().map(|(_, seconds)| seconds).map_err(faults)
    }

    #[test]
    fn a_credential_overlaps_with_the_next_for_three_days_unless_somebody_says_otherwise() {
        assert_eq!(rotation("{}"), Ok(72 * 3_600));
        assert_eq!(rotation(r#"{"overlap_hours": 0}"#), Ok(0));
        let wrong =
            r#"{"overlap_hours": 721, "public_key": {"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "c"}}"#;
        let codes: Vec<_> = rotation(wrong).unwrap_err().into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes, ["out_of_range", "private_key"], "and the key is told not to be used again");
    }
}
