//! What operators send, and what is wrong with it.

use std::collections::BTreeSet;

use domain::{
    ids::TenantId,
    notice::{AnnouncementKind, NoticeText, NoticeTitle},
    time::Jst,
};
use endpoint::{Checks, Problem};
use serde::Deserialize;
use store::{AnnouncementDraft, Audience};
use utoipa::ToSchema;

/// What an announcement shall say, and to whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnouncementBody {
    /// 種別（`service_change`：サービスの変更、`maintenance`：メンテナンス、`vulnerability`：脆弱性への対応、`sub_processor_change`：委託先の変更）。
    #[schema(value_type = String, example = "maintenance")]
    kind: AnnouncementKind,
    /// 件名（100文字以内）。メールの件名になります。
    #[schema(example = "定期メンテナンスのお知らせ")]
    title: String,
    /// 本文（8,000文字以内）。
    #[schema(example = "2026年12月12日 1時00分から3時00分まで、サービスを停止します。")]
    body: String,
    /// 対象の契約企業のID。省略すると全契約企業です。
    #[schema(value_type = Option<Vec<String>>)]
    tenants: Option<BTreeSet<TenantId>>,
    /// サインインしていない人にも稼働状況（`/v1/status`）で公開するかどうか。
    #[serde(default)]
    public: bool,
}

impl AnnouncementBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self) -> Result<AnnouncementDraft, Problem> {
        let mut checks = Checks::new();
        let title = checks.field("/title", NoticeTitle::parse(&self.title));
        let body = checks.field("/body", NoticeText::parse(&self.body));
        if self.tenants.as_ref().is_some_and(BTreeSet::is_empty) {
            checks.fault(
                "/tenants",
                "required",
                "対象の契約企業を1社以上指定してください。全社の場合は省略してください。",
            );
        }
        if self.public && self.tenants.is_some() {
            let detail = "対象の契約企業を限定したお知らせは、サインインしていない人には公開できません。";
            checks.fault("/public", "not_for_everybody", detail);
        }
        let audience = self.tenants.map_or(Audience::All, Audience::Tenants);
        let read = (|| {
            Some(AnnouncementDraft { kind: self.kind, audience, public: self.public, title: title?, body: body? })
        })();
        checks.finish(read)
    }
}

/// When to publish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishBody {
    /// 公開日時。省略するとすぐに公開します。
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-12-01T09:00:00+09:00")]
    pub(crate) publish_at: Option<Jst>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_an_announcement_is_told_at_once() {
        let body = r#"{"kind": "maintenance", "title": "", "body": "", "tenants": [], "public": true}"#;
        let body: AnnouncementBody = serde_json::from_str(body).unwrap();
        let problem = body.checked().unwrap_err();
        let pointers: Vec<_> = problem.errors.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/title", "/body", "/tenants", "/public"]);
    }
}
