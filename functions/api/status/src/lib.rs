//! The service's standing, for everybody: `/v1/status`. It answers when the database does not, and says so: what is public of announcements and incidents is then absent.

use axum::extract::State;
use domain::{notice::AnnouncementKind, time::Jst};
use endpoint::{Answer, App, Door, Problem};
use serde::Serialize;
use store::{PublicNotices, PublicText};
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
    /// 稼働状況（`ok`：正常、`degraded`：一部の情報を取得できません）。
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
    /// 公開しているお知らせ（90日以内、新しい順）。
    announcements: Vec<PublicAnnouncement>,
    /// 公開しているインシデントの状況（新しい順）。
    incidents: Vec<PublicIncident>,
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
    /// 種別。
    #[schema(value_type = String, example = "maintenance")]
    kind: AnnouncementKind,
    /// 件名。
    #[schema(example = "定期メンテナンスのお知らせ")]
    title: String,
    /// 本文。
    #[schema(example = "2026年12月12日 1時00分から3時00分まで、サービスを停止します。")]
    body: String,
    /// 公開した日時。
    #[schema(value_type = String, format = DateTime)]
    published_at: Jst,
}

/// What everybody may know of an incident.
#[derive(Debug, Serialize, ToSchema)]
struct PublicIncident {
    /// 件名。
    #[schema(example = "サービスの停止について")]
    title: String,
    /// 状況。
    #[schema(example = "9時00分頃から、サービスを利用しにくい状況が続いています。")]
    text: String,
    /// 掲載した日時。
    #[schema(value_type = String, format = DateTime)]
    updated_at: Jst,
}

/// Reads the standing.
#[utoipa::path(
    get, path = "/v1/status", operation_id = "readStatus", summary = "稼働状況とサポート窓口を確認する",
    description = "サインインせずに確認できます。", responses((status = 200, description = "稼働状況", body = StatusView))
)]
async fn read(State(app): State<App>) -> Result<Answer, Problem> {
    let settings = &app.settings;
    let (status, public) = match app.store.public_notices().await {
        Ok(public) => ("ok", public),
        Err(error) => {
            tracing::warn!(%error, "what is public cannot be read");
            ("degraded", PublicNotices::default())
        }
    };
    let announcement = |(kind, text): (AnnouncementKind, PublicText)| PublicAnnouncement {
        kind,
        title: text.title,
        body: text.body.to_string(),
        published_at: text.at,
    };
    let incident =
        |text: PublicText| PublicIncident { title: text.title, text: text.body.to_string(), updated_at: text.at };
    Answer::ok(&StatusView {
        status,
        version: settings.version,
        region: settings.region.clone(),
        time: app.clock().now(),
        support: SupportDesk {
            mail: settings.support.mail.clone(),
            phone: settings.support.phone.clone(),
            hours: settings.support.hours.clone(),
        },
        announcements: public.announcements.into_iter().map(announcement).collect(),
        incidents: public.incidents.into_iter().map(incident).collect(),
    })
}
