//! Announcements (お知らせ, R-28): `/v1/announcements`. Operators draft and publish them; customers read those that are for them.

mod body;
mod view;

use authz::{
    Permit,
    permission::{ManageAnnouncements, PublishAnnouncements, ViewAnnouncements},
};
use axum::extract::State;
use domain::ids::{AnnouncementId, PLATFORM};
use endpoint::{
    Answer, App, Checks, DeliveryPage, Door, Filters, IfMatch, Json, PageQuery, Pages, Path, Posted, Problem, limit,
};
use http::Uri;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{AnnouncementBody, PublishBody},
    view::{AnnouncementPage, AnnouncementView},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "announcements",
        heading: "お知らせ",
        routes: OpenApiRouter::new()
            .routes(routes!(list, draft))
            .routes(routes!(read, change, delete))
            .routes(routes!(publish))
            .routes(routes!(withdraw))
            .routes(routes!(mark_read))
            .routes(routes!(deliveries)),
    }
}

/// Lists announcements.
#[utoipa::path(
    get, path = "/v1/announcements", operation_id = "listAnnouncements", summary = "お知らせの一覧",
    description = "契約企業には、公開済みで自社が対象のお知らせを、公開の新しい順に返します。運営担当者には、下書きを含むすべてのお知らせを、作成の新しい順に返します。",
    params(
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["announcements.view"])), responses((status = 200, description = "お知らせ", body = AnnouncementPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewAnnouncements>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "announcements", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.announcements(&permit, after, limit).await?;
    let is_operator = permit.tenant() == PLATFORM;
    let items = found.iter().map(|stored| AnnouncementView::of(&stored.record, is_operator)).collect();
    pages.answer(&uri, next, |next_cursor| AnnouncementPage { items, next_cursor }).await
}

/// Makes a draft.
#[utoipa::path(
    post, path = "/v1/announcements", operation_id = "draftAnnouncement", summary = "お知らせの下書きを作成する（運営事業者）",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に作成されません")),
    request_body = AnnouncementBody, security(("token" = ["announcements.manage"])),
    responses((status = 201, description = "作成しました", body = AnnouncementView))
)]
async fn draft(
    State(app): State<App>,
    permit: Permit<ManageAnnouncements>,
    posted: Posted<AnnouncementBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: AnnouncementBody| Ok(app.store.draft_announcement(&permit, body.checked()?).await?);
    let answer = |made: &store::Stored<store::Announcement>| {
        let location = format!("/v1/announcements/{}", made.record.id);
        Ok(Answer::created(location, &AnnouncementView::of(&made.record, true))?.version(made.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads an announcement.
#[utoipa::path(
    get, path = "/v1/announcements/{announcement_id}", operation_id = "readAnnouncement", summary = "お知らせを読む",
    description = "既読にはなりません。既読にするには、続けて /read を呼び出してください。",
    params(("announcement_id" = String, Path, description = "お知らせのID")),
    security(("token" = ["announcements.view"])), responses((status = 200, description = "お知らせ", body = AnnouncementView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewAnnouncements>,
    Path(announcement): Path<AnnouncementId>,
) -> Result<Answer, Problem> {
    let stored = app.store.announcement(&permit, announcement).await?;
    let is_operator = permit.tenant() == PLATFORM;
    Ok(Answer::ok(&AnnouncementView::of(&stored.record, is_operator))?.version(stored.version))
}

/// Replaces a draft.
#[utoipa::path(
    put, path = "/v1/announcements/{announcement_id}", operation_id = "changeAnnouncement", summary = "お知らせの下書きを変更する（運営事業者）",
    description = "下書きだけを変更できます。公開日時を設定したものは、先に取り下げてください。",
    params(("announcement_id" = String, Path, description = "お知らせのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = AnnouncementBody, security(("token" = ["announcements.manage"])),
    responses((status = 200, description = "変更後のお知らせ", body = AnnouncementView))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ManageAnnouncements>,
    Path(announcement): Path<AnnouncementId>,
    version: IfMatch,
    Json(body): Json<AnnouncementBody>,
) -> Result<Answer, Problem> {
    let draft = body.checked()?;
    let prepared = app.store.change_announcement(&permit, announcement, version.version(), draft).await?;
    let stored = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&AnnouncementView::of(&stored.record, true))?.version(stored.version))
}

/// Deletes a draft.
#[utoipa::path(
    delete, path = "/v1/announcements/{announcement_id}", operation_id = "deleteAnnouncement", summary = "お知らせの下書きを削除する（運営事業者）",
    params(("announcement_id" = String, Path, description = "お知らせのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["announcements.manage"])), responses((status = 204, description = "削除しました"))
)]
async fn delete(
    State(app): State<App>,
    permit: Permit<ManageAnnouncements>,
    Path(announcement): Path<AnnouncementId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.delete_announcement(&permit, announcement, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

/// Publishes a draft.
#[utoipa::path(
    post, path = "/v1/announcements/{announcement_id}/publish", operation_id = "publishAnnouncement", summary = "お知らせを公開する（運営事業者）",
    description = "公開日時を省略するとすぐに公開します。公開と同時に、対象の契約企業のシステム管理者全員にメールを送信します。公開後は変更できません。5分以内のワンタイムパスワードが必要です。",
    params(("announcement_id" = String, Path, description = "お知らせのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = PublishBody, security(("token" = ["announcements.publish"])),
    responses((status = 200, description = "公開する（した）お知らせ", body = AnnouncementView))
)]
async fn publish(
    State(app): State<App>,
    permit: Permit<PublishAnnouncements>,
    Path(announcement): Path<AnnouncementId>,
    version: IfMatch,
    Json(body): Json<PublishBody>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::new();
    if body.publish_at.is_some_and(|at| at < app.clock().now()) {
        checks.fault("/publish_at", "in_the_past", "公開日時には現在より後の日時を指定してください。");
    }
    let at = checks.finish(Some(body.publish_at))?;
    let prepared = app.store.publish_announcement(&permit, announcement, version.version(), at).await?;
    let stored = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&AnnouncementView::of(&stored.record, true))?.version(stored.version))
}

/// Makes a draft again of what is scheduled.
#[utoipa::path(
    post, path = "/v1/announcements/{announcement_id}/withdraw", operation_id = "withdrawAnnouncement", summary = "公開の予定を取り下げる（運営事業者）",
    description = "公開日時になる前のお知らせを下書きに戻します。",
    params(("announcement_id" = String, Path, description = "お知らせのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["announcements.manage"])), responses((status = 200, description = "下書きに戻したお知らせ", body = AnnouncementView))
)]
async fn withdraw(
    State(app): State<App>,
    permit: Permit<ManageAnnouncements>,
    Path(announcement): Path<AnnouncementId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let prepared = app.store.withdraw_announcement(&permit, announcement, version.version()).await?;
    let stored = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&AnnouncementView::of(&stored.record, true))?.version(stored.version))
}

/// Marks it as read.
#[utoipa::path(
    post, path = "/v1/announcements/{announcement_id}/read", operation_id = "markAnnouncementRead", summary = "お知らせを既読にする",
    description = "既読はアカウントごとに記録します。2回目以降は最初の日時のまま変わりません。",
    params(("announcement_id" = String, Path, description = "お知らせのID")),
    security(("token" = ["announcements.view"])), responses((status = 204, description = "既読にしました"))
)]
async fn mark_read(
    State(app): State<App>,
    permit: Permit<ViewAnnouncements>,
    Path(announcement): Path<AnnouncementId>,
) -> Result<Answer, Problem> {
    app.store.mark_read(&permit, announcement).await?;
    Ok(Answer::nothing())
}

/// Lists who got it.
#[utoipa::path(
    get, path = "/v1/announcements/{announcement_id}/deliveries", operation_id = "listAnnouncementDeliveries", summary = "お知らせのメールの送信状況（運営事業者）",
    description = "契約企業ごとに、宛先のアカウントと送信の状態を返します。件数は契約企業の数で数えます。",
    params(
        ("announcement_id" = String, Path, description = "お知らせのID"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["announcements.manage"])), responses((status = 200, description = "契約企業ごとの送信状況", body = DeliveryPage))
)]
async fn deliveries(
    State(app): State<App>,
    permit: Permit<ManageAnnouncements>,
    Path(announcement): Path<AnnouncementId>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let of = (announcement, &query);
    let pages = Pages::of(&app, &permit, "announcement-deliveries", &of);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.announcement_deliveries(&permit, announcement, after, limit).await?;
    pages.answer(&uri, next, |next_cursor| DeliveryPage::of(found, next_cursor)).await
}
