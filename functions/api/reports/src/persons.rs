//! The people behind a figure.

use authz::{Permit, permission::ViewCheckups};
use axum::extract::State;
use domain::{
    employee::{EmployeeNumber, PersonName},
    ids::{CheckupId, EmployeeId, WorkplaceId},
    report::form6::{Figure, FormRow},
};
use endpoint::{Answer, App, Fault, Filters, Kind, Pages, Problem, limit};
use http::Uri;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::ReportPerson;
use utoipa::ToSchema;

use crate::period;

/// Which people.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonsQuery {
    workplace_id: WorkplaceId,
    from: Date,
    to: Date,
    figure: String,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A page of people.
#[derive(Serialize, ToSchema)]
#[schema(as = Form6PersonPage)]
pub(crate) struct PersonPage {
    items: Vec<PersonView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// Somebody.
#[derive(Serialize, ToSchema)]
#[schema(as = Form6Person)]
struct PersonView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 社員番号。氏名を参照できる場合にだけ含まれます。
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "E0001")]
    employee_number: Option<EmployeeNumber>,
    /// 氏名。参照できる場合にだけ含まれます。
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "青山 みなみ")]
    name: Option<PersonName>,
    /// 数えた健康診断のID。
    #[schema(value_type = String, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    checkup_id: CheckupId,
    /// 受診日。
    #[schema(value_type = String, format = Date, example = "2026-07-19")]
    examined_on: Date,
    /// 所見のあった項目。
    #[schema(value_type = Vec<String>, example = json!(["blood_pressure"]))]
    findings: Vec<FormRow>,
    /// 医師の指示があったかどうか。
    #[schema(example = false)]
    instructed: bool,
}

impl From<ReportPerson> for PersonView {
    fn from(person: ReportPerson) -> Self {
        let (employee_number, name) = person.named.unzip();
        Self {
            employee_id: person.employee,
            employee_number,
            name,
            checkup_id: person.checkup,
            examined_on: person.examined_on,
            findings: person.findings,
            instructed: person.instructed,
        }
    }
}

fn figure(text: &str) -> Result<Figure, Problem> {
    text.parse().map_err(|_| {
        let detail = "figure には examined、with_findings、instructed、または「項目のキー.examined」「項目のキー.findings」「項目のキー.without_letter」を指定してください。";
        Problem::new(Kind::BadQuery).with(Fault::at("figure", "unknown_figure", detail))
    })
}

/// Lists the people.
#[utoipa::path(
    get, path = "/v1/reports/form-6/persons", operation_id = "listForm6Persons", summary = "様式第6号の人数の内訳",
    description = "集計した人数に数えられている従業員を返します。健康診断の結果を参照できる方だけが利用でき、法定外の項目と医療機関の総合判定を参照できない場合は、それらによって数えられている従業員は含まれません（集計の人数より少なくなることがあります）。1ページの件数は limit より少ない（0件の）ことがあります。参照は、従業員ごとに監査証跡と閲覧履歴に記録されます。",
    params(
        ("workplace_id" = String, Query, description = "事業場のID", example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"),
        ("from" = String, Query, description = "期間の最初の日", example = "2026-04-01"),
        ("to" = String, Query, description = "期間の最後の日（1年以内）", example = "2027-03-31"),
        ("figure" = String, Query, description = "人数の種類（examined：受診、with_findings：所見あり、instructed：医師の指示、項目のキー.findings：項目の有所見 など）", example = "blood_pressure.findings"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["checkups.view"])), responses((status = 200, description = "従業員", body = PersonPage))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<ViewCheckups>,
    uri: Uri,
    Filters(query): Filters<PersonsQuery>,
) -> Result<Answer, Problem> {
    let (limit, asked) = (limit(query.limit)?, (period(query.from, query.to)?, figure(&query.figure)?));
    let pages = Pages::of(&app, &permit, "form-6-persons", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let (found, next) = app.store.report_persons(&permit, query.workplace_id, asked, after, limit).await?;
    let items = found.into_iter().map(PersonView::from).collect();
    pages.answer(&uri, next, |next_cursor| PersonPage { items, next_cursor }).await
}
