//! Group analysis (集団分析), made once of a round that has closed. What comes of it is read elsewhere, by people who cannot read what it was made of.

use authz::{Permit, permission::AnalyseStress};
use axum::extract::State;
use domain::{
    ids::{AccountId, StressRoundId},
    time::Jst,
};
use endpoint::{Answer, App, Path, Posted, Problem};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::StressAnalysis;
use utoipa::ToSchema;

/// How a round is analysed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewStressAnalysis)]
pub(crate) struct AnalysisBody {
    /// 健康リスクを示すかどうか。
    #[schema(example = true)]
    with_risks: bool,
}

/// An analysis that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MadeStressAnalysis)]
pub(crate) struct MadeView {
    /// 実施回のID。
    #[schema(value_type = String, example = "srd_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    round_id: StressRoundId,
    /// 所属・年齢の基準日（締切日）。
    #[schema(value_type = String, format = Date, example = "2026-10-30")]
    as_of: Date,
    /// 集団分析を行ったアカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    made_by: AccountId,
    /// 集団分析を行った日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-10T09:00:00.000+09:00")]
    made_at: Jst,
    /// 表示できる集団の数。
    #[schema(example = 42)]
    groups: usize,
}

/// Analyses a round.
#[utoipa::path(
    post, path = "/v1/stress-rounds/{round_id}/analysis", operation_id = "analyseStressRound", summary = "集団分析を行う",
    description = "締め切った実施回の回答を集計し、公表できる集団を決めて保存します。選任された実施者・実施事務従事者のうち、契約企業の全体を担当する方だけが行えます。1つの実施回につき1回だけで、やり直しはできません（2つの集計の差から個人の回答が分かるためです）。すべての設問に回答した従業員を、締切日の所属・年齢で集計します。締切から1分以内、締め切る前、すでに行った後と、回答が保存期間を過ぎて削除された後は409です。",
    params(("round_id" = String, Path, description = "実施回のID"), ("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に作成されません")),
    request_body = AnalysisBody, security(("token" = ["stress_checks.analyse"])),
    responses((status = 201, description = "集団分析を行いました", body = MadeView))
)]
pub(crate) async fn make(
    State(app): State<App>,
    permit: Permit<AnalyseStress>,
    Path(round): Path<StressRoundId>,
    posted: Posted<AnalysisBody>,
) -> Result<Answer, Problem> {
    let prepare =
        async |body: AnalysisBody| Ok(app.store.analyse_stress_round(&permit, round, body.with_risks).await?);
    let answer = |made: &StressAnalysis| {
        let view = MadeView {
            round_id: made.round,
            as_of: made.of.as_of,
            made_by: made.made_by,
            made_at: made.made_at,
            groups: made.groups.len(),
        };
        Answer::created(format!("/v1/stress-rounds/{round}/analysis"), &view)
    };
    posted.once(&app, &permit, prepare, answer).await
}
