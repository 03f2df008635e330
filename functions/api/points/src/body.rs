//! What is sent to points, and what is wrong with it.

use domain::{points::rules::MOST_POINTS, remark::Remark};
use endpoint::{Checks, Problem};
use serde::Deserialize;
use utoipa::ToSchema;

/// A correction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PointsAdjustment)]
pub(crate) struct AdjustmentBody {
    /// 加算（正）または減算（負）するポイント（0以外、±100,000以内）。
    #[schema(example = 50)]
    points: i64,
    /// 理由（2,000文字以内）。本人にも表示されます。
    #[schema(example = "健康イベントへの参加")]
    reason: String,
}

/// A cancellation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PointsCancellation)]
pub(crate) struct CancellationBody {
    /// 理由（2,000文字以内）。本人にも表示されます。
    #[schema(example = "機器の誤作動による記録のため")]
    reason: String,
}

/// An exchange.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RedemptionBody)]
pub(crate) struct RedemptionBody {
    /// 交換するポイント（1～100,000）。
    #[schema(example = 500)]
    points: u32,
    /// 交換先の商品など（2,000文字以内）。
    #[schema(example = "ギフトカード 500円分")]
    reward: String,
}

impl AdjustmentBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<(i64, Remark), Problem> {
        let mut checks = Checks::new();
        if self.points == 0 || self.points.unsigned_abs() > MOST_POINTS.into() {
            checks.fault("/points", "out_of_range", "0以外の、±100,000以内のポイントを指定してください。");
        }
        let reason = checks.field("/reason", Remark::parse(&self.reason));
        checks.finish(reason.map(|reason| (self.points, reason)))
    }
}

impl CancellationBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<Remark, Problem> {
        let mut checks = Checks::new();
        let reason = checks.field("/reason", Remark::parse(&self.reason));
        checks.finish(reason)
    }
}

impl RedemptionBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<(u32, Remark), Problem> {
        let mut checks = Checks::new();
        if !(1..=MOST_POINTS).contains(&self.points) {
            checks.fault("/points", "out_of_range", "1～100,000のポイントを指定してください。");
        }
        let wish = checks.field("/reward", Remark::parse(&self.reward));
        checks.finish(wish.map(|wish| (self.points, wish)))
    }
}
