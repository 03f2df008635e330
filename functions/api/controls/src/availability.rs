//! How much of a month the service was there: `/v1/availability`.

use authz::{Permit, permission::ViewAvailability};
use axum::extract::State;
use domain::{
    availability::Availability,
    time::{Jst, Month},
};
use endpoint::{Answer, App, Fault, Filters, Kind, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The services of AWS that this one is made of, with what AWS commits to.
const AWS_SERVICES: &str = include_str!("../../../../docs/aws-sla.json");

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Which month.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MonthQuery {
    month: Option<String>,
}

/// What a month came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Availability)]
struct AvailabilityView {
    /// 対象の月（日本時間）。
    #[schema(example = "2026-11")]
    month: String,
    /// 集計した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-30T09:00:00.000+09:00")]
    as_of: Jst,
    /// 経過した分数。
    #[schema(example = 43_200)]
    minutes: u32,
    /// 利用できた分数。
    #[schema(example = 43_190)]
    minutes_up: u32,
    /// 利用できなかった分数。
    #[schema(example = 5)]
    minutes_down: u32,
    /// 監視の結果がない分数。利用できた時間には含めません。
    #[schema(example = 5)]
    minutes_unknown: u32,
    /// 稼働率（％、監視の結果がある時間に対する割合。小数第4位を切り捨て）。結果がない場合は null です。
    #[schema(example = "99.988")]
    percentage: Option<String>,
    /// 利用している AWS のサービスと、AWS が公表している月間稼働率（出典と確認日を含む）。
    #[schema(value_type = Object)]
    aws: Value,
}

/// Reads a month's availability.
#[utoipa::path(
    get, path = "/v1/availability", operation_id = "readAvailability", summary = "月間の稼働率を確認する",
    description = "外部から5分ごとにサインインと参照を行った結果を集計します。監視の結果がない時間は、利用できた時間として扱いません。",
    params(("month" = Option<String>, Query, description = "対象の月（既定は今月）", example = "2026-11")),
    security(("token" = ["availability.view"])), responses((status = 200, description = "稼働率", body = AvailabilityView))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ViewAvailability>,
    Filters(query): Filters<MonthQuery>,
) -> Result<Answer, Problem> {
    let now = app.clock().now();
    let month = query.month.map_or(Ok(Month::of(now.date())), |month| month.parse()).map_err(|_| {
        let detail = "month には「2026-11」の形式で月を指定してください。";
        Problem::new(Kind::BadQuery).with(Fault::at("month", "month_invalid", detail))
    })?;
    let Availability { minutes, up, down, unknown, percentage } =
        Availability::of(month, now, app.store.availability(&permit, month).await?);
    Answer::ok(&AvailabilityView {
        month: month.to_string(),
        as_of: now,
        minutes,
        minutes_up: up,
        minutes_down: down,
        minutes_unknown: unknown,
        percentage,
        aws: serde_json::from_str(AWS_SERVICES).map_err(|_| Problem::new(Kind::Internal))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r38_every_service_says_what_is_committed_to_and_where_that_stands() {
        let list: Value = serde_json::from_str(AWS_SERVICES).unwrap();
        let services = list["services"].as_array().unwrap();
        assert!(services.len() >= 12, "{}", services.len());
        for service in services {
            let source = service["source"].as_str().unwrap();
            assert!(source.starts_with("https://aws.amazon.com/"), "{service}");
            assert!(service["used_for"].is_string() && service["checked_on"].is_string(), "{service}");
            let committed = &service["monthly_uptime"];
            assert!(committed.is_null() || committed.as_str().unwrap().ends_with('%'), "{service}");
        }
    }
}
