//! What operators send, and what is wrong with it.

use std::collections::BTreeSet;

use domain::{
    ids::TenantId,
    incident::{Duty, IncidentKind, ReportGround},
    notice::{NoticeText, NoticeTitle},
    time::Jst,
};
use endpoint::{Checks, Problem};
use serde::Deserialize;
use store::{Audience, Incident, IncidentChange, IncidentContent, NewIncident, NewMessage, Stage};
use utoipa::ToSchema;

/// A new incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IncidentBody {
    /// 種別（`breach`：漏えい等、`data_loss`：データの滅失・毀損、`outage`：長時間の停止、`other`：その他）。
    #[schema(value_type = String, example = "breach")]
    kind: IncidentKind,
    /// 件名（100文字以内）。
    #[schema(example = "外部からの不正なアクセスについて")]
    title: String,
    /// 発生した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-24T02:10:00+09:00")]
    occurred_at: Jst,
    /// 検知した（最初に知った）日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-24T09:00:00+09:00")]
    detected_at: Jst,
    /// 事実。
    #[schema(example = "管理用のサーバーへの不正なアクセスを検知し、遮断しました。")]
    facts: String,
    /// 原因（判明している場合）。
    cause: Option<String>,
    /// 応急対策（実施している場合）。
    measures: Option<String>,
    /// 影響を受ける契約企業のID。省略すると全契約企業です。
    #[schema(value_type = Option<Vec<String>>)]
    affected_tenants: Option<BTreeSet<TenantId>>,
    /// 個人情報保護委員会への報告が必要となる事由（`sensitive`：要配慮個人情報、`financial`：財産的被害のおそれ、`malicious`：不正の目的、`many_persons`：1,000人超）。報告が不要な場合は空にします。
    #[schema(value_type = Vec<String>, example = json!(["sensitive"]))]
    #[serde(default)]
    report_grounds: BTreeSet<ReportGround>,
}

/// Whom it affects.
fn affected(checks: &mut Checks, tenants: Option<BTreeSet<TenantId>>) -> Audience {
    if tenants.as_ref().is_some_and(BTreeSet::is_empty) {
        let detail = "影響を受ける契約企業を1社以上指定してください。全社の場合は省略してください。";
        checks.fault("/affected_tenants", "required", detail);
    }
    tenants.map_or(Audience::All, Audience::Tenants)
}

/// What is over has been.
fn not_to_come(checks: &mut Checks, pointer: &str, at: Option<Jst>, now: Jst) {
    if at.is_some_and(|at| at > now) {
        checks.fault(pointer, "in_the_future", "現在までの日時を指定してください。");
    }
}

/// Nobody knows of what has not happened.
fn in_order(checks: &mut Checks, occurred_at: Jst, detected_at: Jst) {
    if detected_at < occurred_at {
        checks.fault("/occurred_at", "after_detection", "発生した日時には、検知した日時以前を指定してください。");
    }
}

fn text(checks: &mut Checks, pointer: &str, text: Option<&str>) -> Option<NoticeText> {
    checks.optional(pointer, text.map(NoticeText::parse))
}

impl IncidentBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self, now: Jst) -> Result<NewIncident, Problem> {
        let mut checks = Checks::new();
        let title = checks.field("/title", NoticeTitle::parse(&self.title));
        let facts = checks.field("/facts", NoticeText::parse(&self.facts));
        let cause = text(&mut checks, "/cause", self.cause.as_deref());
        let measures = text(&mut checks, "/measures", self.measures.as_deref());
        not_to_come(&mut checks, "/detected_at", Some(self.detected_at), now);
        in_order(&mut checks, self.occurred_at, self.detected_at);
        let affected = affected(&mut checks, self.affected_tenants);
        let read = (|| {
            Some(NewIncident {
                kind: self.kind,
                occurred_at: self.occurred_at,
                detected_at: self.detected_at,
                grounds: self.report_grounds,
                affected,
                content: IncidentContent { title: title?, facts: facts?, cause, measures },
            })
        })();
        checks.finish(read)
    }
}

/// A change of an incident.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct IncidentChangeBody {
    /// 件名。
    title: Option<String>,
    /// 事実。
    facts: Option<String>,
    /// 原因。null で取り消します。
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "endpoint::sent")]
    cause: Option<Option<String>>,
    /// 対策。null で取り消します。
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "endpoint::sent")]
    measures: Option<Option<String>>,
    /// 発生した日時（調査で判明した場合）。
    #[schema(value_type = Option<String>, format = DateTime)]
    occurred_at: Option<Jst>,
    /// 影響を受ける契約企業のID（全体を置き換えます）。null にすると全契約企業です。
    #[schema(value_type = Option<Vec<String>>)]
    #[serde(default, deserialize_with = "endpoint::sent")]
    affected_tenants: Option<Option<BTreeSet<TenantId>>>,
    /// 報告が必要となる事由（全体を置き換えます）。
    #[schema(value_type = Option<Vec<String>>)]
    report_grounds: Option<BTreeSet<ReportGround>>,
    /// サインインしていない人にも稼働状況（`/v1/status`）で公開する文章。null で取り下げます。
    #[schema(value_type = Option<String>, example = "9時00分頃から、サービスを利用しにくい状況が続いています。")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    site_text: Option<Option<String>>,
    /// 対策が完了した日時。null で取り消します。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "endpoint::sent")]
    settled_at: Option<Option<Jst>>,
    /// 終えた法令上の対応。
    #[serde(default)]
    done: Vec<DoneBody>,
}

/// A duty that was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DoneBody {
    /// 対応（`preliminary_report`：速報、`final_report`：確報、`notice_to_persons`：本人への通知）。
    #[schema(value_type = String, example = "preliminary_report")]
    duty: Duty,
    /// 終えた日時。
    #[schema(value_type = String, format = DateTime)]
    at: Jst,
}

impl IncidentChangeBody {
    /// Reads the body against what is there; notes everything that is wrong with it.
    pub(crate) fn checked(self, before: &Incident, now: Jst) -> Result<IncidentChange, Problem> {
        let mut checks = Checks::new();
        let optional = |checks: &mut Checks, pointer: &str, sent: Option<Option<String>>| {
            sent.map(|sent| text(checks, pointer, sent.as_deref()))
        };
        let title = checks.optional("/title", self.title.as_deref().map(NoticeTitle::parse));
        let facts = text(&mut checks, "/facts", self.facts.as_deref());
        let cause = optional(&mut checks, "/cause", self.cause);
        let measures = optional(&mut checks, "/measures", self.measures);
        let site = optional(&mut checks, "/site_text", self.site_text);
        if let Some(occurred_at) = self.occurred_at {
            in_order(&mut checks, occurred_at, before.course.detected_at);
        }
        not_to_come(&mut checks, "/settled_at", self.settled_at.flatten(), now);
        for (index, done) in self.done.iter().enumerate() {
            not_to_come(&mut checks, &format!("/done/{index}/at"), Some(done.at), now);
            if !done.duty.is_legal() {
                let detail = "契約企業への連絡は、連絡を送信すると自動で記録されます。";
                checks.fault(&format!("/done/{index}/duty"), "not_noted_by_hand", detail);
            }
        }
        let affected = self.affected_tenants.map(|tenants| affected(&mut checks, tenants));
        let is_said = title.is_some() || facts.is_some() || cause.is_some() || measures.is_some();
        let known = before.content.clone();
        let content = is_said.then(|| IncidentContent {
            title: title.unwrap_or(known.title),
            facts: facts.unwrap_or(known.facts),
            cause: cause.unwrap_or(known.cause),
            measures: measures.unwrap_or(known.measures),
        });
        checks.finish(Some(IncidentChange {
            content,
            occurred_at: self.occurred_at,
            grounds: self.report_grounds,
            affected,
            site,
            settled_at: self.settled_at,
            done: self.done.into_iter().map(|done| (done.duty, done.at)).collect(),
        }))
    }
}

/// A message to customers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageBody {
    /// 種類（`first`：第一報、`progress`：経過報告、`final`：最終報告）。
    #[schema(value_type = String, example = "first")]
    stage: Stage,
    /// 件名（100文字以内）。メールの件名になります。
    #[schema(example = "外部からの不正なアクセスについて")]
    title: String,
    /// 本文（8,000文字以内）。
    #[schema(example = "管理用のサーバーへの不正なアクセスを検知し、遮断しました。影響の範囲を調査しています。")]
    body: String,
    /// 連絡する契約企業のID。省略すると、影響を受ける全契約企業です。
    #[schema(value_type = Option<Vec<String>>)]
    tenants: Option<BTreeSet<TenantId>>,
}

impl MessageBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self) -> Result<NewMessage, Problem> {
        let mut checks = Checks::new();
        let title = checks.field("/title", NoticeTitle::parse(&self.title));
        let body = checks.field("/body", NoticeText::parse(&self.body));
        if self.tenants.as_ref().is_some_and(BTreeSet::is_empty) {
            checks.fault(
                "/tenants",
                "required",
                "連絡する契約企業を1社以上指定してください。全社の場合は省略してください。",
            );
        }
        let read = (|| Some(NewMessage { stage: self.stage, tenants: self.tenants, title: title?, body: body? }))();
        checks.finish(read)
    }
}

/// A note.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteBody {
    /// 日時。省略すると現在です。
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Jst>,
    /// 内容。
    #[schema(example = "通信を遮断し、ログの保全を開始した。")]
    text: String,
}

impl NoteBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self, now: Jst) -> Result<(Jst, NoticeText), Problem> {
        let mut checks = Checks::new();
        let text = checks.field("/text", NoticeText::parse(&self.text));
        not_to_come(&mut checks, "/at", self.at, now);
        checks.finish(text.map(|text| (self.at.unwrap_or(now), text)))
    }
}
