//! What a list of employees can be asked for.

use domain::{
    employee::{EmployeeNumber, EmploymentState},
    ids::{DepartmentId, LabelId, WorkplaceId},
};
use endpoint::{Fault, Kind, Problem};
use serde::{Deserialize, Serialize};
use store::{EmployeeSearch, EmployeeSort};

use crate::view::FIELDS;

/// The query of a list.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    q: Option<String>,
    employee_number: Option<EmployeeNumber>,
    department_id: Option<DepartmentId>,
    workplace_id: Option<WorkplaceId>,
    label_id: Option<LabelId>,
    state: Option<EmploymentState>,
    sort: Option<Sort>,
    #[serde(skip_serializing)]
    fields: Option<String>,
    #[serde(skip_serializing)]
    pub(crate) limit: Option<usize>,
    #[serde(skip_serializing)]
    pub(crate) cursor: Option<String>,
}

/// In which order, as it is asked for.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
enum Sort {
    #[serde(rename = "employee_number")]
    Number,
    #[serde(rename = "-employee_number")]
    NumberDescending,
    #[serde(rename = "kana")]
    Kana,
    #[serde(rename = "-kana")]
    KanaDescending,
}

impl ListQuery {
    /// What the store is to look for.
    pub(crate) fn search(&self) -> EmployeeSearch {
        let (sort, descending) = match self.sort {
            None | Some(Sort::Number) => (EmployeeSort::Number, false),
            Some(Sort::NumberDescending) => (EmployeeSort::Number, true),
            Some(Sort::Kana) => (EmployeeSort::Kana, false),
            Some(Sort::KanaDescending) => (EmployeeSort::Kana, true),
        };
        EmployeeSearch {
            text: self.q.clone(),
            number: self.employee_number.clone(),
            department: self.department_id,
            workplace: self.workplace_id,
            label: self.label_id,
            state: self.state,
            sort,
            descending,
        }
    }

    /// The fields that are asked for; none where all are.
    pub(crate) fn fields(&self) -> Result<Option<Vec<&str>>, Problem> {
        let Some(fields) = &self.fields else { return Ok(None) };
        let fields: Vec<&str> = fields.split(',').map(str::trim).collect();
        if fields.iter().all(|field| FIELDS.contains(field)) {
            return Ok(Some(fields));
        }
        let detail = format!("fields に指定できる項目は {} です。", FIELDS.join("・"));
        Err(Problem::new(Kind::BadQuery).with(Fault::at("fields", "unknown_field", detail)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_mistyped_filter_does_not_widen_a_list() {
        assert!(from_value::<ListQuery>(json!({"department": "dep_1"})).is_err());
        assert!(from_value::<ListQuery>(json!({"sort": "name"})).is_err());
        let query: ListQuery = from_value(json!({"fields": "name, salary"})).unwrap();
        assert_eq!(query.fields().unwrap_err().errors[0].code, "unknown_field");
    }

    #[test]
    fn a_cursor_is_bound_to_filters_and_order_and_not_to_the_page() {
        let of = |query| serde_json::to_value(from_value::<ListQuery>(query).unwrap()).unwrap();
        let page = of(json!({"q": "佐藤", "sort": "-kana", "limit": 10, "cursor": "x", "fields": "id"}));
        assert_eq!(page, of(json!({"q": "佐藤", "sort": "-kana"})));
        assert_ne!(page, of(json!({"q": "佐藤"})));
    }
}
