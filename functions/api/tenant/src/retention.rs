//! For how long the company keeps records: `/v1/tenant/retention`.

use authz::{
    Permit,
    permission::{ManageRetention, ViewTenant},
};
use axum::extract::State;
use domain::retention::{MOST_YEARS, PeriodFault, RecordKind, RetentionPolicy, Starts};
use endpoint::{Answer, App, Checks, IfMatch, Json, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The periods.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Retention)]
pub(crate) struct RetentionView {
    /// 記録の種類ごとの保存期間。
    items: Vec<PeriodView>,
}

/// The period of one kind of record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RetentionPeriod)]
struct PeriodView {
    /// 記録の種類。
    #[schema(value_type = String, example = "general_checkup")]
    kind: RecordKind,
    /// 記録の種類の名称。
    #[schema(example = "一般健康診断（雇入時・定期・特定業務従事者・海外派遣など）")]
    name: &'static str,
    /// 最短の保存期間（年）。法定の期間です（ライフログと健康ポイントは法令の定めがなく、サービスが定める期間です）。これより短くはできません。法定の保存期間がない `stress_answers` では 0 です。
    #[schema(example = 5)]
    minimum_years: u8,
    /// 根拠。
    #[schema(example = "安衛則51条")]
    source: &'static str,
    /// 削除するまでの期間（年）。null の場合は、契約が続く間保存します。`stress_answers` は、設定がない場合も5年で削除します。
    #[schema(example = 7)]
    years: Option<u8>,
    /// 期間を設定できるかどうか。起算日をこのサービスで把握できない種類は設定できず、契約が続く間保存します。
    #[schema(example = true)]
    settable: bool,
}

impl RetentionView {
    fn of(policy: &RetentionPolicy) -> Self {
        let period = |kind: RecordKind| {
            let row = kind.row();
            PeriodView {
                kind,
                name: row.japanese,
                minimum_years: row.minimum_years,
                source: row.source,
                years: policy.years(kind),
                settable: row.starts != Starts::WorkEnded,
            }
        };
        Self { items: RecordKind::kept().map(period).collect() }
    }
}

/// New periods.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RetentionChange)]
pub(crate) struct RetentionBody {
    /// 記録の種類ごとの期間の一覧（全体を置き換えます）。含まれない種類は、契約が続く間保存します（`stress_answers` は5年）。
    periods: Vec<PeriodBody>,
}

/// A period.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RetentionPeriodChange)]
struct PeriodBody {
    /// 記録の種類。
    #[schema(value_type = String, example = "general_checkup")]
    kind: RecordKind,
    /// 起算日から削除するまでの期間（年）。
    #[schema(example = 7)]
    years: u8,
}

impl RetentionBody {
    /// Reads the body; notes everything that is wrong with it.
    fn checked(&self) -> Result<RetentionPolicy, Problem> {
        let mut checks = Checks::new();
        for (at, period) in self.periods.iter().enumerate() {
            let before = self.periods.iter().take(at).any(|other| other.kind == period.kind);
            if before || !RecordKind::kept().any(|kind| kind == period.kind) {
                let detail = "記録の種類は、GET で返される種類をそれぞれ1回だけ指定してください。";
                checks.fault(&format!("/periods/{at}/kind"), "kind_invalid", detail);
            }
            if let Err(faults) = RetentionPolicy::new([(period.kind, period.years)]) {
                for (_, fault) in faults {
                    checks.fault(&format!("/periods/{at}/years"), code(fault), detail(fault));
                }
            }
        }
        checks.finish(RetentionPolicy::new(self.periods.iter().map(|period| (period.kind, period.years))).ok())
    }
}

const fn code(fault: PeriodFault) -> &'static str {
    match fault {
        PeriodFault::BelowMinimum(_) => "below_minimum",
        PeriodFault::TooLong => "out_of_range",
        PeriodFault::NeverExpires => "never_expires",
    }
}

fn detail(fault: PeriodFault) -> String {
    match fault {
        PeriodFault::BelowMinimum(years) => {
            format!("最短の保存期間より短くはできません。{years}年以上を指定してください。")
        }
        PeriodFault::TooLong => format!("{MOST_YEARS}年以下を指定してください。"),
        PeriodFault::NeverExpires => {
            "起算日（業務に従事しなくなった日）をこのサービスで把握できないため、期間を設定できません。".to_owned()
        }
    }
}

/// Reads the periods.
#[utoipa::path(
    get, path = "/v1/tenant/retention", operation_id = "readRetention", summary = "記録の保存期間を確認する",
    description = "最短の保存期間と、契約企業が設定した期間です。設定がない種類の記録は、契約が続く間削除しません。ただし、ストレスチェックの回答（stress_answers）は結果と別に扱い、設定がない場合は結果の確定から5年で削除します。",
    security(("token" = ["tenant.view"])), responses((status = 200, description = "保存期間", body = RetentionView))
)]
pub(crate) async fn read(State(app): State<App>, permit: Permit<ViewTenant>) -> Result<Answer, Problem> {
    let tenant = app.store.tenant(&permit).await?;
    Ok(Answer::ok(&RetentionView::of(&tenant.record.retention))?.version(tenant.version))
}

/// Replaces the periods.
#[utoipa::path(
    put, path = "/v1/tenant/retention", operation_id = "changeRetention", summary = "記録の保存期間を変更する",
    description = "期間が過ぎた記録は、毎日3時の処理で削除し、監査記録に残します。元に戻せません。期間は、健康診断では受診日と登録日、労働時間では対象月の末日と最後の記録の日、ライフログでは対象月の末日と最後の更新の日のうち遅い日、面談では終了後に最後に更新した日、健康ポイントの台帳では記帳した日、ストレスチェックの回答では実施者が面接指導の要否を確定した日から数えます。健康診断は就業判定・受診勧奨・添付ファイルと、面談は面談記録と、労働時間は訂正の履歴とあわせて削除します。対応が済んでいない面談は削除しません。健康ポイントは、削除した台帳の合計を繰り越し、残高は変わりません。ストレスチェックの回答は、0を指定しても確定から90日間は削除せず、削除した後も結果・同意・受検の有無・作成済みの集団分析は残ります。保全中は削除しません。5分以内のワンタイムパスワードが必要です。",
    params(("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = RetentionBody, security(("token" = ["tenant.retention"])),
    responses((status = 200, description = "変更後の保存期間", body = RetentionView))
)]
pub(crate) async fn change(
    State(app): State<App>,
    permit: Permit<ManageRetention>,
    version: IfMatch,
    Json(body): Json<RetentionBody>,
) -> Result<Answer, Problem> {
    let prepared = app.store.change_retention(&permit, version.version(), body.checked()?).await?;
    let tenant = prepared.commit(&app.store).await?;
    Ok(Answer::ok(&RetentionView::of(&tenant.record.retention))?.version(tenant.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_period_that_is_none_is_named() {
        let body = r#"{"periods": [{"kind": "general_checkup", "years": 4}, {"kind": "asbestos", "years": 40},
            {"kind": "pneumoconiosis", "years": 101}, {"kind": "general_checkup", "years": 5}, {"kind": "committee_minutes", "years": 5},
            {"kind": "stress_answers", "years": 0}, {"kind": "stress_answers", "years": 101}]}"#;
        let problem = serde_json::from_str::<RetentionBody>(body).unwrap().checked().unwrap_err();
        let faults: Vec<_> = problem.errors.iter().map(|it| (it.pointer.as_str(), it.code.as_str())).collect();
        let wrong = [
            ("/periods/0/years", "below_minimum"),
            ("/periods/1/years", "never_expires"),
            ("/periods/2/years", "out_of_range"),
            ("/periods/3/kind", "kind_invalid"),
            ("/periods/4/kind", "kind_invalid"),
            ("/periods/6/kind", "kind_invalid"),
            ("/periods/6/years", "out_of_range"),
        ];
        assert_eq!(faults, wrong);
    }
}
