//! What customers read, and what operators see beside it.

use std::collections::BTreeSet;

use domain::{
    ids::{AnnouncementId, TenantId},
    notice::AnnouncementKind,
    time::Jst,
};
use serde::Serialize;
use store::{Announcement, AnnouncementState, Audience};
use utoipa::ToSchema;

/// An announcement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Announcement)]
pub(crate) struct AnnouncementView {
    /// お知らせのID。
    #[schema(value_type = String, example = "ann_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: AnnouncementId,
    /// 種別（`service_change`, `maintenance`, `vulnerability`, `sub_processor_change`）。
    #[schema(value_type = String, example = "maintenance")]
    kind: AnnouncementKind,
    /// 件名。
    #[schema(example = "定期メンテナンスのお知らせ")]
    title: String,
    /// 本文。
    #[schema(example = "2026年12月12日 1時00分から3時00分まで、サービスを停止します。")]
    body: String,
    /// 公開した（する）日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<Jst>,
    /// 自分が既読にした日時。
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<Jst>,
    /// 運営担当者だけに表示する項目。
    #[serde(flatten)]
    operator: Option<OfOperator>,
}

/// What operators see beside it.
#[derive(Debug, Serialize, ToSchema)]
struct OfOperator {
    /// 状態（`draft`：下書き、`scheduled`：公開予定、`published`：公開済み）。運営担当者だけに表示します。
    #[schema(value_type = String, example = "published")]
    state: AnnouncementState,
    /// 対象の契約企業のID。全社の場合は null です。運営担当者だけに表示します。
    #[schema(value_type = Option<Vec<String>>)]
    tenants: Option<BTreeSet<TenantId>>,
    /// サインインしていない人にも公開するかどうか。運営担当者だけに表示します。
    public: bool,
    /// 作成した日時。運営担当者だけに表示します。
    #[schema(value_type = String, format = DateTime)]
    created_at: Jst,
}

impl AnnouncementView {
    pub(crate) fn of(announcement: &Announcement, is_operator: bool) -> Self {
        let draft = &announcement.draft;
        let operator = is_operator.then(|| OfOperator {
            state: announcement.state,
            tenants: match &draft.audience {
                Audience::All => None,
                Audience::Tenants(tenants) => Some(tenants.clone()),
            },
            public: draft.public,
            created_at: announcement.created_at,
        });
        Self {
            id: announcement.id,
            kind: draft.kind,
            title: draft.title.to_string(),
            body: draft.body.to_string(),
            published_at: announcement.published_at,
            read_at: announcement.read_at,
            operator,
        }
    }
}

/// One page of announcements.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnnouncementPage {
    /// お知らせ。
    pub(crate) items: Vec<AnnouncementView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}
