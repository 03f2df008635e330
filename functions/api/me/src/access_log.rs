//! Who looked at one's own record.

use authz::{Permit, Role, permission::ViewAccessLog, use_of};
use axum::extract::State;
use domain::time::Jst;
use endpoint::{Answer, App, Filters, PageQuery, Pages, Problem, limit};
use http::Uri;
use serde::Serialize;
use store::ShownLook;
use utoipa::ToSchema;

/// One look.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccessLogEntry)]
struct EntryView {
    /// 閲覧された日時。
    #[schema(value_type = String, format = DateTime)]
    at: Jst,
    /// 閲覧に用いたロール。
    roles: Vec<EntryRole>,
    /// 利用目的。
    #[schema(example = "健康診断の実施と事後措置")]
    purpose: &'static str,
    /// 操作。
    #[schema(example = "checkup.read")]
    action: String,
    /// 閲覧に用いた権限。
    #[schema(example = "checkups.view")]
    permission: String,
    /// 閲覧した人の氏名。契約企業が表示を認めている場合に限ります。
    #[schema(example = "北川　彩")]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// One role.
#[derive(Debug, Serialize, ToSchema)]
struct EntryRole {
    /// ロール。
    #[schema(example = "nurse")]
    role: String,
    /// ロールの名称。
    #[schema(example = "保健師・看護師")]
    name: &'static str,
}

impl From<ShownLook> for EntryView {
    fn from(ShownLook { look, name }: ShownLook) -> Self {
        let japanese = |name: &str| Role::ALL.into_iter().find(|role| role.name() == name).map_or("", Role::japanese);
        let roles = look.roles.into_iter().map(|role| EntryRole { name: japanese(&role), role });
        Self {
            at: look.at,
            roles: roles.collect(),
            purpose: use_of(&look.permission),
            action: look.action,
            permission: look.permission,
            name,
        }
    }
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
struct AccessLogPage {
    /// 閲覧の履歴。
    items: Vec<EntryView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// Lists who looked.
#[utoipa::path(
    get, path = "/v1/me/access-log", operation_id = "listAccessLog", summary = "自分の健康情報の閲覧履歴",
    description = "自分の健康情報が、いつ、どのロールで、どのような目的で閲覧されたかの履歴です（400日間保存）。自分自身による閲覧は含みません。閲覧から反映まで数分かかることがあります。",
    params(("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")),
    security(("token" = ["me.access_log"])), responses((status = 200, description = "新しい順", body = AccessLogPage))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<ViewAccessLog>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "access-log", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (looks, next) = app.store.access_log(&permit, after, limit).await?;
    let items = looks.into_iter().map(EntryView::from).collect();
    pages.answer(&uri, next, |next_cursor| AccessLogPage { items, next_cursor }).await
}
