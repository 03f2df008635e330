//! Which groups are asked for, and by which coefficients their risks are told.

use domain::stress::{analysis::RiskModel, suppression::GroupKind};
use endpoint::{Fault, Kind, Problem};
use store::StressAnalysis;

/// Keeps what is asked for.
pub(crate) fn narrow(analysis: &mut StressAnalysis, kind: Option<GroupKind>, id: Option<&str>) {
    analysis.groups.retain(|of| {
        kind.is_none_or(|kind| kind == of.group.kind()) && id.is_none_or(|id| of.group.id().as_deref() == Some(id))
    });
}

/// The coefficients of this code, or the usual ones.
pub(crate) fn model(code: Option<&str>) -> Result<&'static RiskModel, Problem> {
    RiskModel::of(code.unwrap_or("classic")).ok_or_else(|| {
        let detail = "coefficients には、説明にある係数の名称を指定してください。";
        Problem::new(Kind::BadQuery).with(Fault::at("coefficients", "unknown_coefficients", detail))
    })
}
