//! How working hours are counted (締日の設定).

use authz::{
    Permit,
    permission::{ManageWorkingHours, ViewWorkingHours},
};
use axum::extract::State;
use domain::{overwork::period::ClosingDay, time::Jst};
use endpoint::{Answer, App, Checks, IfMatch, Json, Problem};
use serde::{Deserialize, Serialize};
use store::{HoursSettings, Stored};
use utoipa::ToSchema;

/// The settings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkingHoursSettings)]
pub(crate) struct SettingsView {
    /// 締日（1～31。その日がない月は月末で、31は月末締めです）。
    #[schema(value_type = u8, example = 31)]
    closing_day: ClosingDay,
    /// 最後に変更した日時。変更していない場合は null です。
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    updated_at: Option<Jst>,
}

/// Other settings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkingHoursSettingsBody)]
pub(crate) struct SettingsBody {
    /// 締日（1～31。31は月末締めです）。
    #[schema(example = 20)]
    closing_day: u8,
}

fn shown(Stored { record, version }: &Stored<HoursSettings>) -> Result<Answer, Problem> {
    let HoursSettings { closing_day, updated_at } = *record;
    Ok(Answer::ok(&SettingsView { closing_day, updated_at })?.version(*version))
}

/// Reads the settings.
#[utoipa::path(
    get, path = "/v1/working-hours/settings", operation_id = "readWorkingHoursSettings", summary = "労働時間の締日を確認する",
    description = "既定は月末締めです。期間は、締まる月の年月で呼びます（20日締めの2026-10は、9月21日から10月20日まで）。",
    security(("token" = ["working_hours.view"])), responses((status = 200, description = "締日", body = SettingsView))
)]
pub(crate) async fn read(State(app): State<App>, permit: Permit<ViewWorkingHours>) -> Result<Answer, Problem> {
    shown(&app.store.hours_settings(&permit).await?)
}

/// Changes the settings.
#[utoipa::path(
    put, path = "/v1/working-hours/settings", operation_id = "changeWorkingHoursSettings", summary = "労働時間の締日を変更する",
    description = "変更した後に登録・取込する月から有効です。登録済みの月の期間は変わりません。契約企業の全体を参照できる方だけが変更できます。",
    params(("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = SettingsBody, security(("token" = ["working_hours.manage"])),
    responses((status = 200, description = "変更後の締日", body = SettingsView))
)]
pub(crate) async fn change(
    State(app): State<App>,
    permit: Permit<ManageWorkingHours>,
    version: IfMatch,
    Json(body): Json<SettingsBody>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::new();
    let closing_day = ClosingDay::try_from(body.closing_day).ok();
    if closing_day.is_none() {
        checks.fault("/closing_day", "out_of_range", "締日は1～31で指定してください。");
    }
    let closing_day = checks.finish(closing_day)?;
    let prepared = app.store.change_hours_settings(&permit, version.version(), closing_day)?;
    shown(&prepared.commit(&app.store).await?)
}
