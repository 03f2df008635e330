//! What is sent about employees, and what is wrong with it.

use std::collections::BTreeSet;

use domain::{
    checked::Refused,
    checkup::hazard::{Hazard, HazardWork, Hazards},
    employee::{
        BirthDate, EmployeeNumber, EmploymentState, EmploymentType, JobTitle, Kana, MailAddress, PersonName, Sex,
    },
    ids::{Id, Kind, LabelId},
};
use endpoint::{Checks, Problem};
use jiff::civil::Date;
use serde::{Deserialize, de::value::StrDeserializer};
use store::{EmployeeChange, PersonContent};
use utoipa::ToSchema;

/// How many labels somebody carries at most.
const MOST_LABELS: usize = 50;

const DATE: Refused = Refused {
    code: "date_invalid",
    detail: "日付は YYYY-MM-DD の形式で、暦にある日を指定してください。",
};
const REFERENCE: Refused =
    Refused { code: "missing_reference", detail: "参照先が存在しません。IDを確認してください。" };
const SEX: Refused = Refused {
    code: "sex_invalid",
    detail: "性別は male・female・other のいずれかを指定してください。",
};
const STATE: Refused = Refused {
    code: "employment_state_invalid",
    detail: "在籍区分は active・on_leave・seconded のいずれかを指定してください。退職は /retire で登録してください。",
};
const HAZARD: Refused = Refused {
    code: "hazard_unknown",
    detail: "有害業務のコードは GET /v1/checkups/hazards で確認できるものを指定してください。",
};
const LEFT_BEFORE_HIRED: Refused = Refused {
    code: "retired_before_hired",
    detail: "退職年月日が入社年月日より前です。日付を確かめてください。",
};
const NOT_YET: Refused = Refused {
    code: "date_in_future",
    detail: "退職年月日が先の日付です。退職の予定は PATCH で left_on だけを登録してください。",
};

fn date(text: &str) -> Result<Date, Refused> {
    text.parse().map_err(|_| DATE)
}

fn reference<K: Kind>(text: &str) -> Result<Id<K>, Refused> {
    text.parse().map_err(|_| REFERENCE)
}

/// A word of the API.
fn word<'a, T: Deserialize<'a>>(text: &'a str, refused: Refused) -> Result<T, Refused> {
    T::deserialize(StrDeserializer::<serde::de::value::Error>::new(text)).map_err(|_| refused)
}

fn sex(text: &str) -> Result<Sex, Refused> {
    word(text, SEX)
}

fn state(text: &str) -> Result<EmploymentState, Refused> {
    match word(text, STATE)? {
        EmploymentState::Retired => Err(STATE),
        state => Ok(state),
    }
}

fn birth_date(text: &str, today: Date) -> Result<BirthDate, Refused> {
    BirthDate::new(date(text)?, today)
}

/// Reads labels; notes each that is none.
fn labels(checks: &mut Checks, ids: &[String]) -> BTreeSet<LabelId> {
    if ids.len() > MOST_LABELS {
        checks.fault("/labels", "too_many", format!("ラベルは{MOST_LABELS}件まで指定できます。"));
    }
    let read = |(at, id): (usize, &String)| checks.field(&format!("/labels/{at}"), reference(id));
    ids.iter().enumerate().filter_map(read).collect()
}

/// A period of hazardous work.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmployeeHazardBody)]
pub(crate) struct HazardBody {
    /// 有害業務のコード（GET /v1/checkups/hazards）。
    #[schema(example = "organic_solvents")]
    code: String,
    /// 従事開始日。
    #[schema(format = Date, example = "2026-04-01")]
    from: String,
    /// 従事終了日。従事している間は省略します。
    #[schema(format = Date, example = "2027-03-31")]
    until: Option<String>,
}

/// Reads hazardous work; notes everything that is wrong with it.
fn hazards(checks: &mut Checks, sent: &[HazardBody]) -> Option<Hazards> {
    let mut works = Vec::with_capacity(sent.len().min(Hazards::MOST + 1));
    for (at, body) in sent.iter().enumerate().take(Hazards::MOST + 1) {
        let pointer = |field: &str| format!("/hazards/{at}/{field}");
        let hazard = checks.field(&pointer("code"), Hazard::named(&body.code).ok_or(HAZARD));
        let from = checks.field(&pointer("from"), date(&body.from));
        let until = checks.optional(&pointer("until"), body.until.as_deref().map(date));
        works.extend(hazard.zip(from).map(|(hazard, from)| HazardWork { hazard, from, until }));
    }
    match Hazards::new(works) {
        Ok(hazards) => Some(hazards),
        Err((at, refused)) => {
            checks.fault(&format!("/hazards/{at}"), refused.code, refused.detail);
            None
        }
    }
}

/// A new employee.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEmployeeBody {
    /// 社員番号（半角英数字・ハイフン・下線、1〜32文字。先頭の0も区別します）。
    #[schema(example = "000123")]
    employee_number: String,
    /// 氏名。
    #[schema(example = "渡辺 裕子")]
    name: String,
    /// フリガナ。
    #[schema(example = "ワタナベ ユウコ")]
    kana: String,
    /// メールアドレス。
    #[schema(example = "yuko.watanabe@minato.example")]
    mail: Option<String>,
    /// 生年月日。
    #[schema(format = Date, example = "1985-06-15")]
    birth_date: String,
    /// 性別（male：男、female：女、other：その他・無回答）。
    #[schema(example = "female")]
    sex: String,
    /// 入社年月日。
    #[schema(format = Date, example = "2018-04-01")]
    hired_on: String,
    /// 退職予定の年月日。
    #[schema(format = Date, example = "2027-03-31")]
    left_on: Option<String>,
    /// 事業場のID。
    #[schema(example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    workplace_id: String,
    /// 部署のID。
    #[schema(example = "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    department_id: Option<String>,
    /// この所属になる日。省略すると今日です。登録時の所属は、この日より前にも適用されます。
    #[schema(format = Date, example = "2026-04-01")]
    effective_on: Option<String>,
    /// 役職。
    #[schema(example = "主任")]
    job_title: Option<String>,
    /// 職種。
    #[schema(example = "営業")]
    occupation: Option<String>,
    /// 雇用形態。
    #[schema(example = "正社員")]
    employment_type: String,
    /// 在籍区分（`active`：在籍、`on_leave`：休職、`seconded`：出向）。省略すると在籍です。
    #[schema(example = "active")]
    state: Option<String>,
    /// 管理監督者かどうか。
    #[serde(default)]
    manager: bool,
    /// 人事権（採用・解雇・異動に関する直接の権限）を持つかどうか。
    #[serde(default)]
    personnel_authority: bool,
    /// 深夜業に従事するかどうか。
    #[serde(default)]
    night_work: bool,
    /// 有害業務の従事歴（特殊健康診断などの対象になります）。
    #[serde(default)]
    hazards: Vec<HazardBody>,
    /// ラベルのID。
    #[serde(default)]
    #[schema(example = json!(["lab_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    labels: Vec<String>,
}

/// An employee to be registered.
#[derive(Debug)]
pub(crate) struct NewEmployee {
    pub(crate) content: PersonContent,
    pub(crate) labels: BTreeSet<LabelId>,
    pub(crate) effective_on: Option<Date>,
}

impl NewEmployeeBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self, today: Date) -> Result<NewEmployee, Problem> {
        let mut checks = Checks::new();
        let c = &mut checks;
        let number = c.field("/employee_number", EmployeeNumber::parse(&self.employee_number));
        let name = c.field("/name", PersonName::parse(&self.name));
        let kana = c.field("/kana", Kana::parse(&self.kana));
        let mail = c.optional("/mail", self.mail.as_deref().map(MailAddress::parse));
        let birth_date = c.field("/birth_date", birth_date(&self.birth_date, today));
        let sex = c.field("/sex", sex(&self.sex));
        let hired_on = c.field("/hired_on", date(&self.hired_on));
        let left_on = c.optional("/left_on", self.left_on.as_deref().map(date));
        if left_on.zip(hired_on).is_some_and(|(left, hired)| left < hired) {
            c.fault("/left_on", LEFT_BEFORE_HIRED.code, LEFT_BEFORE_HIRED.detail);
        }
        let workplace = c.field("/workplace_id", reference(&self.workplace_id));
        let department = c.optional("/department_id", self.department_id.as_deref().map(reference));
        let effective_on = c.optional("/effective_on", self.effective_on.as_deref().map(date));
        let job_title = c.optional("/job_title", self.job_title.as_deref().map(JobTitle::parse));
        let occupation = c.optional("/occupation", self.occupation.as_deref().map(JobTitle::parse));
        let employment_type = c.field("/employment_type", EmploymentType::parse(&self.employment_type));
        let state = c.optional("/state", self.state.as_deref().map(state)).unwrap_or(EmploymentState::Active);
        let hazards = hazards(c, &self.hazards);
        let labels = labels(c, &self.labels);
        let content = (|| {
            Some(PersonContent {
                number: number?,
                name: name?,
                kana: kana?,
                mail,
                birth_date: birth_date?,
                sex: sex?,
                hired_on: hired_on?,
                left_on,
                workplace: Some(workplace?),
                department,
                job_title,
                occupation,
                employment_type: employment_type?,
                state,
                manager: self.manager,
                personnel_authority: self.personnel_authority,
                night_work: self.night_work,
                hazards: hazards?,
            })
        })();
        checks.finish(content.map(|content| NewEmployee { content, labels, effective_on }))
    }
}

/// A change of an employee.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct EmployeeBody {
    /// 社員番号。
    #[schema(example = "000123")]
    employee_number: Option<String>,
    /// 氏名。
    #[schema(example = "渡辺 裕子")]
    name: Option<String>,
    /// フリガナ。
    #[schema(example = "ワタナベ ユウコ")]
    kana: Option<String>,
    /// メールアドレス。null を指定すると削除します。
    #[schema(value_type = Option<String>, example = "yuko.watanabe@minato.example")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    mail: Option<Option<String>>,
    /// 生年月日。
    #[schema(format = Date, example = "1985-06-15")]
    birth_date: Option<String>,
    /// 性別（male、female、other）。
    #[schema(example = "female")]
    sex: Option<String>,
    /// 入社年月日。
    #[schema(format = Date, example = "2018-04-01")]
    hired_on: Option<String>,
    /// 退職（予定）年月日。null を指定すると削除します。
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    left_on: Option<Option<String>>,
    /// 事業場のID。
    #[schema(example = "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    workplace_id: Option<String>,
    /// 部署のID。null を指定すると所属なしになります。
    #[schema(value_type = Option<String>, example = "dep_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    department_id: Option<Option<String>>,
    /// この所属になる日。省略すると今日です。先の日付を指定すると異動の予定になり、その日の0時（日本時間）に所属が変わります。
    #[schema(format = Date, example = "2026-10-01")]
    effective_on: Option<String>,
    /// 役職。null を指定すると削除します。
    #[schema(value_type = Option<String>, example = "課長")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    job_title: Option<Option<String>>,
    /// 職種。null を指定すると削除します。
    #[schema(value_type = Option<String>, example = "営業")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    occupation: Option<Option<String>>,
    /// 雇用形態。
    #[schema(example = "正社員")]
    employment_type: Option<String>,
    /// 在籍区分（`active`、`on_leave`、`seconded`）。
    #[schema(example = "on_leave")]
    state: Option<String>,
    /// 管理監督者かどうか。
    manager: Option<bool>,
    /// 人事権を持つかどうか。
    personnel_authority: Option<bool>,
    /// 深夜業に従事するかどうか。
    night_work: Option<bool>,
    /// 有害業務の従事歴（全体を置き換えます。終わった業務には until を指定して残してください）。
    hazards: Option<Vec<HazardBody>>,
}

/// A field that may be taken away: absent, `null`, or a value that is read.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
#[expect(clippy::ref_option, reason = "that is how the field is")]
fn removable<T>(
    checks: &mut Checks,
    pointer: &str,
    sent: &Option<Option<String>>,
    read: impl Fn(&str) -> Result<T, Refused>,
) -> Option<Option<T>> {
    sent.as_ref().map(|value| checks.optional(pointer, value.as_deref().map(read)))
}

impl EmployeeBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(&self, today: Date) -> Result<EmployeeChange, Problem> {
        let mut checks = Checks::new();
        let c = &mut checks;
        let change = EmployeeChange {
            number: c.optional("/employee_number", self.employee_number.as_deref().map(EmployeeNumber::parse)),
            name: c.optional("/name", self.name.as_deref().map(PersonName::parse)),
            kana: c.optional("/kana", self.kana.as_deref().map(Kana::parse)),
            mail: removable(c, "/mail", &self.mail, MailAddress::parse),
            birth_date: c.optional("/birth_date", self.birth_date.as_deref().map(|text| birth_date(text, today))),
            sex: c.optional("/sex", self.sex.as_deref().map(sex)),
            hired_on: c.optional("/hired_on", self.hired_on.as_deref().map(date)),
            left_on: removable(c, "/left_on", &self.left_on, date),
            workplace: c.optional("/workplace_id", self.workplace_id.as_deref().map(reference)).map(Some),
            department: removable(c, "/department_id", &self.department_id, reference),
            effective_on: c.optional("/effective_on", self.effective_on.as_deref().map(date)),
            job_title: removable(c, "/job_title", &self.job_title, JobTitle::parse),
            occupation: removable(c, "/occupation", &self.occupation, JobTitle::parse),
            employment_type: c.optional("/employment_type", self.employment_type.as_deref().map(EmploymentType::parse)),
            state: c.optional("/state", self.state.as_deref().map(state)),
            manager: self.manager,
            personnel_authority: self.personnel_authority,
            night_work: self.night_work,
            hazards: self.hazards.as_deref().and_then(|sent| hazards(c, sent)),
        };
        checks.finish(Some(change))
    }
}

/// The day on which somebody left.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetirementBody {
    /// 退職年月日（今日まで）。
    #[schema(format = Date, example = "2026-03-31")]
    left_on: String,
}

impl RetirementBody {
    /// Reads the body.
    pub(crate) fn checked(&self, today: Date) -> Result<Date, Problem> {
        let mut checks = Checks::new();
        let left_on = date(&self.left_on).and_then(|day| if day <= today { Ok(day) } else { Err(NOT_YET) });
        let left_on = checks.field("/left_on", left_on);
        checks.finish(left_on)
    }
}

/// An employee's labels.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelsBody {
    /// ラベルのID（全体を置き換えます）。
    #[schema(example = json!(["lab_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b"]))]
    labels: Vec<String>,
}

impl LabelsBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(&self) -> Result<BTreeSet<LabelId>, Problem> {
        let mut checks = Checks::new();
        let labels = labels(&mut checks, &self.labels);
        checks.finish(Some(labels))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::{Value, from_value, json};

    use super::*;

    const TODAY: Date = date(2026, 11, 23);

    fn good() -> Value {
        json!({"employee_number": "０００１２３", "name": "渡辺 裕子", "kana": "わたなべ ゆうこ", "birth_date": "1985-06-15",
            "sex": "female", "hired_on": "2018-04-01", "workplace_id": "wpl_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b", "employment_type": "正社員"})
    }

    fn pointers(problem: Problem) -> Vec<String> {
        problem.errors.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn r33_an_employee_is_read_in_its_narrow_form() {
        let new = from_value::<NewEmployeeBody>(good()).unwrap().checked(TODAY).unwrap();
        assert_eq!(new.content.number.as_str(), "000123");
        assert_eq!(new.content.kana.as_str(), "ワタナベ　ユウコ");
        assert_eq!(new.content.state, EmploymentState::Active);
    }

    #[test]
    fn every_fault_of_an_employee_is_told_at_once() {
        let mut body = good();
        let wrong = [
            ("employee_number", json!("12 3")),
            ("kana", json!("渡辺")),
            ("birth_date", json!("2025-01-01")),
            ("sex", json!("女性")),
            ("left_on", json!("2018-03-31")),
            ("workplace_id", json!("W01")),
            ("state", json!("retired")),
            ("labels", json!(["lab_1"])),
        ];
        for (field, value) in wrong {
            body[field] = value;
        }
        let problem = from_value::<NewEmployeeBody>(body).unwrap().checked(TODAY).unwrap_err();
        let expected =
            ["/employee_number", "/kana", "/birth_date", "/sex", "/left_on", "/workplace_id", "/state", "/labels/0"];
        assert_eq!(pointers(problem), expected);
    }

    #[test]
    fn a_value_is_kept_taken_away_or_set() {
        let change = |body| from_value::<EmployeeBody>(body).unwrap().checked(TODAY).unwrap();
        assert_eq!(change(json!({})).mail, None);
        assert_eq!(change(json!({"mail": null})).mail, Some(None));
        assert!(matches!(change(json!({"mail": "a@example.jp"})).mail, Some(Some(_))));
        let problem = from_value::<EmployeeBody>(json!({"mail": "a", "state": "retired"})).unwrap().checked(TODAY);
        assert_eq!(pointers(problem.unwrap_err()), ["/mail", "/state"]);
    }

    #[test]
    fn nobody_has_left_on_a_day_to_come() {
        let retire = |day: &str| from_value::<RetirementBody>(json!({"left_on": day})).unwrap().checked(TODAY);
        assert_eq!(retire("2026-11-23").unwrap(), TODAY);
        assert_eq!(retire("2026-11-24").unwrap_err().errors[0].code, "date_in_future");
        assert_eq!(retire("2026-02-30").unwrap_err().errors[0].code, "date_invalid");
    }
}
