//! Incidents (インシデント, R-29): `/v1/incidents`. Operators keep what is known, tell customers and see what is due by when; customers read what affects them.

mod body;
mod view;

use authz::{
    Permit,
    permission::{ManageIncidents, TellIncidents, ViewIncidents},
};
use axum::extract::State;
use domain::ids::{BroadcastId, IncidentId, PLATFORM};
use endpoint::{
    Answer, App, DeliveryPage, Door, Filters, IfMatch, Json, PageQuery, Pages, Path, Posted, Problem, limit,
};
use http::Uri;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{IncidentBody, IncidentChangeBody, MessageBody, NoteBody},
    view::{IncidentPage, IncidentView, MessageList, MessageView, TimelineList, TimelineView},
};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "incidents",
        heading: "インシデント",
        routes: OpenApiRouter::new()
            .routes(routes!(list, open))
            .routes(routes!(read, change))
            .routes(routes!(close))
            .routes(routes!(messages, tell))
            .routes(routes!(deliveries))
            .routes(routes!(timeline, note)),
    }
}

/// Lists incidents.
#[utoipa::path(
    get, path = "/v1/incidents", operation_id = "listIncidents", summary = "インシデントの一覧",
    description = "契約企業には、自社が影響を受け、第一報を受け取ったインシデントを返します。運営担当者には、すべてのインシデントを対応期限とともに返します。",
    params(
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["incidents.view"])), responses((status = 200, description = "新しい順", body = IncidentPage))
)]
async fn list(
    State(app): State<App>,
    permit: Permit<ViewIncidents>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "incidents", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.incidents(&permit, after, limit).await?;
    let is_operator = permit.tenant() == PLATFORM;
    let items = found.iter().map(|stored| IncidentView::of(&stored.record, is_operator)).collect();
    pages.answer(&uri, next, |next_cursor| IncidentPage { items, next_cursor }).await
}

/// Opens an incident.
#[utoipa::path(
    post, path = "/v1/incidents", operation_id = "openIncident", summary = "インシデントを登録する（運営事業者）",
    description = "発生から72時間以内の第一報など、対応の期限を自動で計算します。契約企業への連絡は別の操作（/messages）で行います。個人の氏名・健康情報は記載しないでください。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = IncidentBody, security(("token" = ["incidents.manage"])),
    responses((status = 201, description = "登録しました", body = IncidentView))
)]
async fn open(
    State(app): State<App>,
    permit: Permit<ManageIncidents>,
    posted: Posted<IncidentBody>,
) -> Result<Answer, Problem> {
    let now = app.clock().now();
    let prepare = async |body: IncidentBody| Ok(app.store.open_incident(&permit, body.checked(now)?).await?);
    let answer = |made: &store::Stored<store::Incident>| {
        let location = format!("/v1/incidents/{}", made.record.id);
        Ok(Answer::created(location, &IncidentView::of(&made.record, true))?.version(made.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Reads an incident.
#[utoipa::path(
    get, path = "/v1/incidents/{incident_id}", operation_id = "readIncident", summary = "インシデントを確認する",
    params(("incident_id" = String, Path, description = "インシデントのID")),
    security(("token" = ["incidents.view"])), responses((status = 200, description = "インシデント", body = IncidentView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewIncidents>,
    Path(incident): Path<IncidentId>,
) -> Result<Answer, Problem> {
    let stored = app.store.incident(&permit, incident).await?;
    let is_operator = permit.tenant() == PLATFORM;
    Ok(Answer::ok(&IncidentView::of(&stored.record, is_operator))?.version(stored.version))
}

/// Changes an incident.
#[utoipa::path(
    patch, path = "/v1/incidents/{incident_id}", operation_id = "changeIncident", summary = "インシデントを更新する（運営事業者）",
    description = "指定した項目だけを変更します。事実・原因・対策は、第一報を受け取った契約企業にも表示されます。settled_at を設定すると経過報告の期限がなくなります。法令上の対応を終えたら done に記録してください。",
    params(("incident_id" = String, Path, description = "インシデントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = IncidentChangeBody, security(("token" = ["incidents.manage"])),
    responses((status = 200, description = "変更後のインシデント", body = IncidentView))
)]
async fn change(
    State(app): State<App>,
    permit: Permit<ManageIncidents>,
    view: Permit<ViewIncidents>,
    Path(incident): Path<IncidentId>,
    version: IfMatch,
    Json(body): Json<IncidentChangeBody>,
) -> Result<Answer, Problem> {
    let before = app.store.incident(&view, incident).await?.record;
    let change = body.checked(&before, app.clock().now())?;
    let prepared = app.store.change_incident(&permit, incident, version.version(), change).await?;
    let stored = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&IncidentView::of(&stored.record, true))?.version(stored.version))
}

/// Closes an incident.
#[utoipa::path(
    post, path = "/v1/incidents/{incident_id}/close", operation_id = "closeIncident", summary = "インシデントを終了する（運営事業者）",
    description = "影響を受ける全契約企業に第一報を送り、対策が完了（settled_at）している場合に終了できます。公開中の状況は取り下げられます。",
    params(("incident_id" = String, Path, description = "インシデントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["incidents.manage"])), responses((status = 200, description = "終了したインシデント", body = IncidentView))
)]
async fn close(
    State(app): State<App>,
    permit: Permit<ManageIncidents>,
    Path(incident): Path<IncidentId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    let stored = app.store.close_incident(&permit, incident, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::ok(&IncidentView::of(&stored.record, true))?.version(stored.version))
}

/// Lists what was told.
#[utoipa::path(
    get, path = "/v1/incidents/{incident_id}/messages", operation_id = "listIncidentMessages", summary = "インシデントについての連絡の一覧",
    description = "契約企業には、自社あての連絡だけを返します。",
    params(("incident_id" = String, Path, description = "インシデントのID")),
    security(("token" = ["incidents.view"])), responses((status = 200, description = "送信順", body = MessageList))
)]
async fn messages(
    State(app): State<App>,
    permit: Permit<ViewIncidents>,
    Path(incident): Path<IncidentId>,
) -> Result<Answer, Problem> {
    let messages = app.store.incident_messages(&permit, incident).await?;
    let is_operator = permit.tenant() == PLATFORM;
    Answer::ok(&MessageList { items: messages.iter().map(|message| MessageView::of(message, is_operator)).collect() })
}

/// Tells customers.
#[utoipa::path(
    post, path = "/v1/incidents/{incident_id}/messages", operation_id = "tellIncident", summary = "影響を受ける契約企業に連絡する（運営事業者）",
    description = "対象の契約企業のシステム管理者全員にメールを送信し、連絡の内容を記録します。5分以内のワンタイムパスワードが必要です。",
    params(
        ("incident_id" = String, Path, description = "インシデントのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag"),
        ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に送信されません")
    ),
    request_body = MessageBody, security(("token" = ["incidents.tell"])),
    responses((status = 201, description = "送信を指示しました", body = MessageView))
)]
async fn tell(
    State(app): State<App>,
    permit: Permit<TellIncidents>,
    Path(incident): Path<IncidentId>,
    version: IfMatch,
    posted: Posted<MessageBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: MessageBody| {
        Ok(app.store.tell_incident(&permit, incident, version.version(), body.checked()?).await?)
    };
    let answer = |told: &(store::Stored<store::Incident>, store::IncidentMessage)| {
        let (stored, message) = told;
        let location = format!("/v1/incidents/{incident}/messages");
        // The ETag is the incident's: the next message goes out on top of this one.
        Ok(Answer::created(location, &MessageView::of(message, true))?.version(stored.version))
    };
    posted.once(&app, &permit, prepare, answer).await
}

/// Lists who got a message.
#[utoipa::path(
    get, path = "/v1/incidents/{incident_id}/messages/{message_id}/deliveries", operation_id = "listIncidentDeliveries", summary = "連絡のメールの送信状況（運営事業者）",
    description = "契約企業ごとに、宛先のアカウントと送信の状態を返します。件数は契約企業の数で数えます。",
    params(
        ("incident_id" = String, Path, description = "インシデントのID"), ("message_id" = String, Path, description = "連絡のID"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["incidents.manage"])), responses((status = 200, description = "契約企業ごとの送信状況", body = DeliveryPage))
)]
async fn deliveries(
    State(app): State<App>,
    permit: Permit<ManageIncidents>,
    Path((incident, message)): Path<(IncidentId, BroadcastId)>,
    uri: Uri,
    Filters(query): Filters<PageQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let of = (message, &query);
    let pages = Pages::of(&app, &permit, "incident-deliveries", &of);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.incident_deliveries(&permit, incident, message, after, limit).await?;
    pages.answer(&uri, next, |next_cursor| DeliveryPage::of(found, next_cursor)).await
}

/// Reads the timeline.
#[utoipa::path(
    get, path = "/v1/incidents/{incident_id}/timeline", operation_id = "readIncidentTimeline", summary = "インシデントの時系列（運営事業者）",
    params(("incident_id" = String, Path, description = "インシデントのID")),
    security(("token" = ["incidents.manage"])), responses((status = 200, description = "古い順", body = TimelineList))
)]
async fn timeline(
    State(app): State<App>,
    permit: Permit<ManageIncidents>,
    Path(incident): Path<IncidentId>,
) -> Result<Answer, Problem> {
    let entries = app.store.incident_timeline(&permit, incident).await?;
    Answer::ok(&TimelineList { items: entries.iter().map(TimelineView::of).collect() })
}

/// Notes something in the timeline.
#[utoipa::path(
    post, path = "/v1/incidents/{incident_id}/timeline", operation_id = "noteIncident", summary = "時系列に記録する（運営事業者）",
    params(
        ("incident_id" = String, Path, description = "インシデントのID"),
        ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に記録されません")
    ),
    request_body = NoteBody, security(("token" = ["incidents.manage"])),
    responses((status = 201, description = "記録しました", body = TimelineView))
)]
async fn note(
    State(app): State<App>,
    permit: Permit<ManageIncidents>,
    Path(incident): Path<IncidentId>,
    posted: Posted<NoteBody>,
) -> Result<Answer, Problem> {
    let now = app.clock().now();
    let prepare = async |body: NoteBody| {
        let (at, text) = body.checked(now)?;
        Ok(app.store.note_in_timeline(&permit, incident, at, text).await?)
    };
    let location = format!("/v1/incidents/{incident}/timeline");
    posted.once(&app, &permit, prepare, |entry| Answer::created(location, &TimelineView::of(entry))).await
}
