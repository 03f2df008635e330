//! The service's standing, for everybody: `/v1/status`. Reads nothing that is stored, so that it answers when the database does not.

use axum::extract::State;
use domain::time::Jst;
use endpoint::{Answer, App, Door, Problem};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door { name: "status", heading: "稼働状況", routes: OpenApiRouter::new().routes(routes!(read)) }
}

/// The standing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
struct StatusView {
    /// 稼働状況。
    #[schema(example = "ok")]
    status: &'static str,
    /// バージョン。
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// データを保管するリージョン。
    #[schema(example = "ap-northeast-1")]
    region: String,
    /// 現在の日時。
    #[schema(value_type = String, format = DateTime)]
    time: Jst,
    /// サポート窓口。
    support: SupportDesk,
    /// 公開しているお知らせ。
    announcements: Vec<PublicAnnouncement>,
}

/// The support desk.
#[derive(Debug, Serialize, ToSchema)]
struct SupportDesk {
    #[schema(example = "support@ailes-plus.example")]
    mail: String,
    #[schema(example = "0120-000-000")]
    phone: String,
    /// 受付時間。
    #[schema(example = "平日 9:00～17:00")]
    hours: String,
}

/// Something that everybody may know.
#[derive(Debug, Serialize, ToSchema)]
struct PublicAnnouncement {
    /// 件名。
    #[schema(example = "定期メンテナンスのお知らせ")]
    title: String,
    /// 公開した日時。
    #[schema(value_type = String, format = DateTime)]
    published_at: Jst,
}

/// Reads the standing.
#[utoipa::path(
    get, path = "/v1/status", operation_id = "readStatus", summary = "稼働状況とサポート窓口を確認する",
    description = "サインインせずに確認できます。", responses((status = 200, description = "稼働状況", body = StatusView))
)]
async fn read(State(app): State<App>) -> Result<Answer, Problem> {
    let settings = &app.settings;
    Answer::ok(&StatusView {
        status: "ok",
        version: settings.version,
        region: settings.region.clone(),
        time: app.clock().now(),
        support: SupportDesk {
            mail: settings.support.mail.clone(),
            phone: settings.support.phone.clone(),
            hours: settings.support.hours.clone(),
        },
        announcements: Vec::new(),
    })
}
