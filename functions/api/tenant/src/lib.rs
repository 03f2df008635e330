//! The tenant's own settings: `/v1/tenant`.

mod body;
mod layouts;
mod retention;
mod view;

use authz::{
    AddressRules, Permit,
    permission::{ChangeTenant, ManageAddressRules, ViewTenant},
};
use axum::extract::State;
use endpoint::{Answer, App, Door, Fault, IfMatch, Json, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{body::TenantBody, view::TenantView};

/// How many networks one list has at most: every request reads them.
const MOST_NETWORKS: usize = 100;

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "tenant",
        heading: "契約企業の設定",
        routes: OpenApiRouter::new()
            .routes(routes!(read, change))
            .routes(routes!(read_address_rules, change_address_rules))
            .routes(routes!(retention::read, retention::change))
            .routes(routes!(layouts::list))
            .routes(routes!(layouts::read, layouts::set, layouts::delete))
            .routes(routes!(layouts::versions))
            .routes(routes!(layouts::suggest)),
    }
}

/// Reads the settings.
#[utoipa::path(
    get, path = "/v1/tenant", operation_id = "readTenant", summary = "契約企業の設定を確認する",
    description = "契約が終了する場合は、データ削除の予定日も表示します。",
    security(("token" = ["tenant.view"])), responses((status = 200, description = "設定", body = TenantView))
)]
async fn read(State(app): State<App>, permit: Permit<ViewTenant>) -> Result<Answer, Problem> {
    let tenant = app.store.tenant(&permit).await?;
    Ok(Answer::ok(&TenantView::of(&tenant.record, &app.settings.support))?.version(tenant.version))
}

/// Changes the settings.
#[utoipa::path(
    patch, path = "/v1/tenant", operation_id = "changeTenant", summary = "契約企業の設定を変更する",
    description = "指定した項目だけを変更します。",
    params(("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = TenantBody, security(("token" = ["tenant.change"])),
    responses((status = 200, description = "変更後の設定", body = TenantView))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ChangeTenant>,
    version: IfMatch,
    Json(body): Json<TenantBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.change_tenant(&permit, version.version(), body.checked()?).await?;
    let tenant = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&TenantView::of(&tenant.record, &app.settings.support))?.version(tenant.version))
}

/// The networks.
#[derive(Debug, Serialize, ToSchema)]
struct AddressRulesView {
    /// 許可するネットワーク（CIDR）。空の場合は制限しません。
    #[schema(example = json!(["203.0.113.0/24", "2001:db8::/32"]))]
    networks: Vec<String>,
    /// このリクエストの接続元のIPアドレス。
    #[schema(example = "203.0.113.7")]
    #[serde(skip_serializing_if = "Option::is_none")]
    your_address: Option<String>,
}

fn address_rules(permit: &Permit<ManageAddressRules>, rules: &AddressRules) -> AddressRulesView {
    AddressRulesView {
        networks: rules.networks().collect(),
        your_address: permit.actor().origin().address.map(|address| address.to_canonical().to_string()),
    }
}

/// Reads the networks.
#[utoipa::path(
    get, path = "/v1/tenant/ip-rules", operation_id = "readIpRules", summary = "IPアドレス制御を確認する",
    description = "従業員以外のロールを利用できる接続元です。従業員本人の操作は制限されません。",
    security(("token" = ["tenant.ip_rules"])), responses((status = 200, description = "許可するネットワーク", body = AddressRulesView))
)]
async fn read_address_rules(State(app): State<App>, permit: Permit<ManageAddressRules>) -> Result<Answer, Problem> {
    let tenant = app.store.address_rules(&permit).await?;
    Ok(Answer::ok(&address_rules(&permit, &tenant.record.addresses))?.version(tenant.version))
}

/// New networks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddressRulesBody {
    /// 許可するネットワーク（IPv4・IPv6 の CIDR またはIPアドレス、100件まで）。空にすると制限しません。
    #[schema(example = json!(["203.0.113.0/24", "2001:db8::/32"]))]
    networks: Vec<String>,
    /// 現在の接続元が含まれていなくても保存する場合は true。
    #[serde(default)]
    force: bool,
}

/// Reads the networks; names everyone that is none.
fn networks(texts: &[String]) -> Result<AddressRules, Problem> {
    if texts.len() > MOST_NETWORKS {
        return Err(Problem::invalid(vec![Fault::at("/networks", "too_many", "登録できるのは100件までです。")]));
    }
    AddressRules::parse(texts.iter().map(String::as_str)).map_err(|wrong| {
        let detail = "IPアドレスまたは CIDR（例: 203.0.113.0/24）で指定してください。";
        let fault = |index| Fault::at(format!("/networks/{index}"), "not_a_network", detail);
        Problem::invalid(wrong.iter().map(|wrong| fault(wrong.index)).collect())
    })
}

/// Replaces the networks.
#[utoipa::path(
    put, path = "/v1/tenant/ip-rules", operation_id = "changeIpRules", summary = "IPアドレス制御を変更する",
    description = "次のリクエストから有効です。現在の接続元が含まれない一覧は、force に true を指定しない限り保存できません（409）。",
    params(("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = AddressRulesBody, security(("token" = ["tenant.ip_rules"])),
    responses((status = 200, description = "変更後のネットワーク", body = AddressRulesView))
)]
async fn change_address_rules(
    State(app): State<App>,
    permit: Permit<ManageAddressRules>,
    version: IfMatch,
    Json(body): Json<AddressRulesBody>,
) -> Result<Answer, Problem> {
    let rules = networks(&body.networks)?;
    let prepared = app.store.change_address_rules(&permit, version.version(), rules, body.force).await?;
    let tenant = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&address_rules(&permit, &tenant.record.addresses))?.version(tenant.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r10_every_entry_that_is_no_network_is_named() {
        let texts = ["10.0.0.0/8", "office", "10.0.0.0/33"].map(str::to_owned);
        let problem = networks(&texts).unwrap_err();
        let pointers: Vec<_> = problem.errors.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/networks/1", "/networks/2"]);
        assert!(networks(&vec!["10.0.0.0/8".to_owned(); 101]).is_err());
    }
}
