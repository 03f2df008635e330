//! What customers read, and what operators see beside it.

use std::collections::BTreeSet;

use domain::{
    ids::{BroadcastId, IncidentId, TenantId},
    incident::{Deadline, Duty, IncidentKind, ReportGround},
    time::Jst,
};
use jiff::civil::Date;
use serde::Serialize;
use store::{Audience, Incident, IncidentMessage, IncidentState, Stage, TimelineEntry, What};
use utoipa::ToSchema;

fn tenants(audience: &Audience) -> Option<BTreeSet<TenantId>> {
    match audience {
        Audience::All => None,
        Audience::Tenants(tenants) => Some(tenants.clone()),
    }
}

/// An incident.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Incident)]
pub(crate) struct IncidentView {
    /// インシデントのID。
    #[schema(value_type = String, example = "inc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: IncidentId,
    /// 種別（`breach`, `data_loss`, `outage`, `other`）。
    #[schema(value_type = String, example = "breach")]
    kind: IncidentKind,
    /// 状態（`open`：対応中、`closed`：終了）。
    #[schema(value_type = String, example = "open")]
    state: IncidentState,
    /// 件名。
    #[schema(example = "外部からの不正なアクセスについて")]
    title: String,
    /// 発生した日時。
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Jst,
    /// 検知した日時。
    #[schema(value_type = String, format = DateTime)]
    detected_at: Jst,
    /// 対策が完了した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_at: Option<Jst>,
    /// 事実。
    #[schema(example = "管理用のサーバーへの不正なアクセスを検知し、遮断しました。")]
    facts: String,
    /// 原因。
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// 対策。
    #[serde(skip_serializing_if = "Option::is_none")]
    measures: Option<String>,
    /// 貴社から個人情報保護委員会への速報の期限の目安（検知から5日）。報告が不要な場合はありません。
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(skip_serializing_if = "Option::is_none")]
    report_by: Option<Date>,
    /// 運営担当者だけに表示する項目。
    #[serde(flatten)]
    operator: Option<OfOperator>,
}

/// What operators see beside it.
#[derive(Debug, Serialize, ToSchema)]
struct OfOperator {
    /// 影響を受ける契約企業のID。全社の場合は null です。運営担当者だけに表示します。
    #[schema(value_type = Option<Vec<String>>)]
    affected_tenants: Option<BTreeSet<TenantId>>,
    /// 報告が必要となる事由。運営担当者だけに表示します。
    #[schema(value_type = Vec<String>)]
    report_grounds: BTreeSet<ReportGround>,
    /// 公開している文章。運営担当者だけに表示します。
    #[serde(skip_serializing_if = "Option::is_none")]
    site_text: Option<String>,
    /// 影響を受ける全契約企業が第一報を受け取った日時。運営担当者だけに表示します。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    told_at: Option<Jst>,
    /// 対応の期限の一覧。運営担当者だけに表示します。
    deadlines: Vec<DeadlineView>,
}

/// Something that is due.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentDeadline)]
struct DeadlineView {
    /// 対応（`first_notice`, `progress`, `preliminary_report`, `final_report`, `notice_to_persons`）。
    #[schema(value_type = String, example = "first_notice")]
    duty: Duty,
    /// 対応の名称。
    #[schema(example = "影響を受ける全契約企業への第一報")]
    name: &'static str,
    /// 根拠。
    #[schema(example = "サービス仕様書 2023/01/29（重大なセキュリティインシデントの通知）")]
    source: &'static str,
    /// この日時以降に対応することが見込まれます。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_from: Option<Jst>,
    /// 期限。「速やかに」の場合はありません。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Jst>,
    /// 対応した日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    done_at: Option<Jst>,
}

impl DeadlineView {
    fn of(deadline: Deadline) -> Self {
        let Deadline { duty, expected_from, due, done_at } = deadline;
        Self { duty, name: duty.japanese(), source: duty.source(), expected_from, due_at: due, done_at }
    }
}

impl IncidentView {
    pub(crate) fn of(incident: &Incident, is_operator: bool) -> Self {
        let (content, course) = (&incident.content, &incident.course);
        let operator = is_operator.then(|| OfOperator {
            affected_tenants: tenants(&incident.affected),
            report_grounds: course.grounds.clone(),
            site_text: incident.site.as_ref().map(|(text, _)| text.to_string()),
            told_at: course.told_at,
            deadlines: course.deadlines().into_iter().map(DeadlineView::of).collect(),
        });
        Self {
            id: incident.id,
            kind: incident.kind,
            state: incident.state,
            title: content.title.to_string(),
            occurred_at: course.occurred_at,
            detected_at: course.detected_at,
            settled_at: course.settled_at,
            facts: content.facts.to_string(),
            cause: content.cause.as_ref().map(ToString::to_string),
            measures: content.measures.as_ref().map(ToString::to_string),
            report_by: course.customers_report_by(),
            operator,
        }
    }
}

/// One page of incidents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentPage {
    /// インシデント。
    pub(crate) items: Vec<IncidentView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// A message that customers got.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentMessage)]
pub(crate) struct MessageView {
    /// 連絡のID。
    #[schema(value_type = String, example = "bro_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: BroadcastId,
    /// 種類（`first`：第一報、`progress`：経過報告、`final`：最終報告）。
    #[schema(value_type = String, example = "first")]
    stage: Stage,
    /// 件名。
    #[schema(example = "外部からの不正なアクセスについて")]
    title: String,
    /// 本文。
    #[schema(example = "管理用のサーバーへの不正なアクセスを検知し、遮断しました。影響の範囲を調査しています。")]
    body: String,
    /// 送信を指示した日時。
    #[schema(value_type = String, format = DateTime)]
    sent_at: Jst,
    /// 宛先の契約企業のID（全社の場合は空）。運営担当者だけに表示します。
    #[schema(value_type = Option<Vec<String>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    tenants: Option<BTreeSet<TenantId>>,
}

impl MessageView {
    pub(crate) fn of(message: &IncidentMessage, is_operator: bool) -> Self {
        Self {
            id: message.id,
            stage: message.stage,
            title: message.title.to_string(),
            body: message.body.to_string(),
            sent_at: message.sent_at,
            // Who else was told is nobody's business.
            tenants: is_operator.then(|| tenants(&message.audience).unwrap_or_default()),
        }
    }
}

/// All messages of an incident.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentMessages)]
pub(crate) struct MessageList {
    /// 連絡。
    pub(crate) items: Vec<MessageView>,
}

/// An entry of the timeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentTimelineEntry)]
pub(crate) struct TimelineView {
    /// 日時。
    #[schema(value_type = String, format = DateTime)]
    at: Jst,
    /// 出来事（`opened`：登録、`changed`：更新、`told`：契約企業への連絡、`closed`：終了、`note`：記録）。
    #[schema(value_type = String, example = "note")]
    what: What,
    /// 内容。
    #[schema(example = "通信を遮断し、ログの保全を開始した。")]
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl TimelineView {
    pub(crate) fn of(entry: &TimelineEntry) -> Self {
        Self { at: entry.at, what: entry.what, text: entry.text.as_ref().map(ToString::to_string) }
    }
}

/// The timeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentTimeline)]
pub(crate) struct TimelineList {
    /// 出来事。
    pub(crate) items: Vec<TimelineView>,
}
