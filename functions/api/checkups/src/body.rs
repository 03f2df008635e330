//! What is sent about checkups, and what is wrong with it: results are read by the reader of files.

use std::borrow::Cow;

use domain::{
    checked::Refused,
    checkup::{
        change::{Cause, Note},
        grade::ClinicGrade,
        kind::CheckupKind,
    },
    employee::PersonName,
    ids::CheckupId,
    intake::{
        Change, FaultCode,
        checkups::{
            comment,
            entry::{Entered, Entry, Placed, entered},
        },
    },
    organisation::OrganisationName,
};
use endpoint::{Checks, Problem};
use jiff::civil::Date;
use serde::Deserialize;
use store::CheckupEntry;
use utoipa::ToSchema;

use crate::view::value_schema;

/// How many results are taken at most: more than the catalogue has items.
const MOST_RESULTS: usize = 200;

pub(crate) const DATE: Refused = Refused {
    code: "date_invalid",
    detail: "日付は YYYY-MM-DD の形式で、暦にある日を指定してください。",
};
const KIND: Refused = Refused {
    code: "checkup_kind_unknown",
    detail: "健診種別のキー（periodic など）を指定してください。",
};
const FUTURE: Refused = Refused {
    code: "future_date", detail: "受診日が先の日付です。受診した後に登録してください。"
};
const PARENT: Refused = Refused {
    code: "parent_invalid",
    detail: "同じ従業員の、受診日が同日以前の一次の健康診断を指定してください。二次検査どうしを紐づけることはできません。",
};
const COMMENT: Refused = Refused {
    code: "text_unfit",
    detail: "コメントは、制御文字を含まない2000文字以内で入力してください。",
};
const CLINIC_OVERALL: Refused =
    Refused { code: "required", detail: "医療機関の総合判定を入力してください。" };
const REASON: Refused = Refused {
    code: "reason_invalid",
    detail: "訂正の理由は transcription・clinic_revised・supplement・wrong_person・other のいずれかを指定してください。",
};
const VOID_REASON: Refused = Refused {
    code: "reason_invalid",
    detail: "無効にする理由は transcription・clinic_revised・wrong_person・duplicate・not_examined・other のいずれかを指定してください。",
};

/// The result of one item.
#[derive(Deserialize, ToSchema)]
#[schema(as = CheckupResultBody)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct ResultBody {
    /// 項目のキー（GET /v1/checkups/items）。
    #[schema(example = "sbp")]
    item: String,
    /// 値。数値、または取込ファイルのセルと同じ表記の文字列（`<0.10`、`5未満`、`(±)`、`所見なし`、`測定不能`、`実施せず`、`省略` など）。訂正では null を指定するとその項目を削除します。
    #[schema(schema_with = value_schema)]
    #[serde(default, deserialize_with = "endpoint::sent")]
    value: Option<Option<Sent>>,
    /// 医療機関の原本での表記（値の表記と異なる場合）。
    #[schema(example = "１２７")]
    raw: Option<String>,
    /// 医療機関の判定。
    #[schema(example = "B")]
    grade: Option<String>,
}

/// A value as it is sent.
#[derive(Deserialize)]
#[serde(untagged)]
enum Sent {
    Number(serde_json::Number),
    Words(String),
}

impl ResultBody {
    fn entry(&self) -> Entry<'_> {
        let value = match &self.value {
            // Nothing was said: not the same as to take the result away.
            None => Some(Cow::Borrowed("")),
            Some(None) => None,
            Some(Some(Sent::Number(number))) => Some(Cow::Owned(number.to_string())),
            Some(Some(Sent::Words(words))) => Some(Cow::Borrowed(words.as_str())),
        };
        Entry { item: &self.item, value, raw: self.raw.as_deref(), grade: self.grade.as_deref() }
    }
}

/// A new checkup.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCheckupBody {
    /// 受診日。
    #[schema(format = Date, example = "2026-07-19")]
    examined_on: String,
    /// 健診種別のキー。
    #[schema(example = "periodic")]
    kind: String,
    /// 一次の健康診断のID（二次検査・再検査の場合）。
    #[schema(example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    parent_id: Option<String>,
    /// 医療機関名。
    #[schema(example = "みなと健診クリニック")]
    clinic: Option<String>,
    /// 医療機関コード。
    #[schema(example = "1310000001")]
    clinic_code: Option<String>,
    /// コース。
    #[schema(example = "Aコース")]
    course: Option<String>,
    /// 健康診断を実施した医師の氏名。
    #[schema(example = "山田 一郎")]
    doctor: Option<String>,
    /// 医療機関のコメント（2000文字以内）。
    #[schema(example = "脂質に注意してください。")]
    comment: Option<String>,
    /// 医療機関の総合判定。
    #[schema(example = "B")]
    clinic_overall: Option<String>,
    /// 項目ごとの結果（1件以上、同じ項目は1回だけ）。
    #[schema(example = json!([{ "item": "sbp", "value": 128 }, { "item": "dbp", "value": 84 }]))]
    results: Vec<ResultBody>,
}

/// A checkup to be entered.
pub(crate) struct NewCheckup {
    pub(crate) examined_on: Date,
    pub(crate) kind: CheckupKind,
    pub(crate) entry: CheckupEntry,
    pub(crate) items: Vec<String>,
    pub(crate) warnings: Vec<Placed>,
}

impl NewCheckupBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(&self, today: Date) -> Result<NewCheckup, Problem> {
        let mut checks = Checks::new();
        let c = &mut checks;
        let examined_on = self.examined_on.parse().map_err(|_| DATE);
        let examined_on =
            c.field("/examined_on", examined_on.and_then(|day: Date| if day > today { Err(FUTURE) } else { Ok(day) }));
        let kind = c.field("/kind", CheckupKind::named(&self.kind).ok_or(KIND));
        let set = |given: &Option<String>| given.clone().map(Some);
        let words = Words {
            clinic: set(&self.clinic),
            clinic_code: set(&self.clinic_code),
            course: set(&self.course),
            doctor: set(&self.doctor),
            comment: set(&self.comment),
            clinic_overall: set(&self.clinic_overall),
            parent_id: set(&self.parent_id),
        };
        if self.results.is_empty() {
            c.fault("/results", FaultCode::NoResults.as_str(), FaultCode::NoResults.detail());
        }
        let read = results(c, &self.results, false);
        let entry = words.entry(c, read.as_ref());
        let items = keys(&self.results);
        let new = (|| {
            let warnings = read?.warnings;
            Some(NewCheckup { examined_on: examined_on?, kind: kind?, entry, items, warnings })
        })();
        checks.finish(new)
    }
}

/// A correction of a checkup.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct CheckupBody {
    /// 訂正の理由（transcription：転記の誤り、`clinic_revised`：医療機関による訂正、supplement：結果の追加、`wrong_person`：別の従業員の結果、other：その他）。
    #[schema(example = "transcription")]
    reason: String,
    /// 訂正の説明（200文字以内）。理由が other の場合は必須です。
    #[schema(example = "収縮期血圧の桁を誤って転記していた")]
    note: Option<String>,
    /// 一次の健康診断のID。null を指定すると紐づけを解除します。
    #[schema(value_type = Option<String>, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    parent_id: Option<Option<String>>,
    /// 医療機関名。null を指定すると削除します。
    #[schema(value_type = Option<String>, example = "みなと健診クリニック")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    clinic: Option<Option<String>>,
    /// 医療機関コード。null を指定すると削除します。
    #[schema(value_type = Option<String>, example = "1310000001")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    clinic_code: Option<Option<String>>,
    /// コース。null を指定すると削除します。
    #[schema(value_type = Option<String>, example = "Aコース")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    course: Option<Option<String>>,
    /// 健康診断を実施した医師の氏名。null を指定すると削除します。
    #[schema(value_type = Option<String>, example = "山田 一郎")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    doctor: Option<Option<String>>,
    /// 医療機関のコメント（2000文字以内）。null を指定すると削除します。
    #[schema(value_type = Option<String>, example = "脂質に注意してください。")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    comment: Option<Option<String>>,
    /// 医療機関の総合判定。null を指定すると削除します。
    #[schema(value_type = Option<String>, example = "B")]
    #[serde(default, deserialize_with = "endpoint::sent")]
    clinic_overall: Option<Option<String>>,
    /// 訂正する項目。指定しない項目はそのまま残ります。
    #[serde(default)]
    results: Vec<ResultBody>,
}

/// A checkup to be corrected.
pub(crate) struct Correction {
    pub(crate) entry: CheckupEntry,
    pub(crate) because: (Cause, Option<Note>),
    pub(crate) items: Vec<String>,
    pub(crate) warnings: Vec<Placed>,
}

impl CheckupBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self) -> Result<Correction, Problem> {
        let mut checks = Checks::new();
        let c = &mut checks;
        let cause = Cause::named(&self.reason).filter(|cause| cause.row().corrects);
        let cause = c.field("/reason", cause.ok_or(REASON));
        let note = c.optional("/note", self.note.as_deref().map(Note::parse));
        if cause == Some(Cause::Other) && self.note.is_none() {
            c.fault("/note", FaultCode::Required.as_str(), "理由が other の場合は、訂正の説明を入力してください。");
        }
        let read = results(c, &self.results, true);
        let words = Words {
            clinic: self.clinic,
            clinic_code: self.clinic_code,
            course: self.course,
            doctor: self.doctor,
            comment: self.comment,
            clinic_overall: self.clinic_overall,
            parent_id: self.parent_id,
        };
        let entry = words.entry(c, read.as_ref());
        let items = keys(&self.results);
        let correction = (|| {
            let warnings = read?.warnings;
            Some(Correction { entry, because: (cause?, note), items, warnings })
        })();
        checks.finish(correction)
    }
}

/// With which reason a checkup is declared void.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoidQuery {
    reason: Option<String>,
}

impl VoidQuery {
    /// The reason, if one was given.
    pub(crate) fn checked(&self) -> Result<Option<Cause>, Problem> {
        let mut checks = Checks::new();
        let named = |code: &str| Cause::named(code).filter(|cause| cause.row().voids).ok_or(VOID_REASON);
        let cause = checks.optional("reason", self.reason.as_deref().map(named));
        checks.finish(Some(cause))
    }
}

/// What may be said beside results: absent, taken away, or a text.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
struct Words {
    clinic: Option<Option<String>>,
    clinic_code: Option<Option<String>>,
    course: Option<Option<String>>,
    doctor: Option<Option<String>>,
    comment: Option<Option<String>>,
    clinic_overall: Option<Option<String>>,
    parent_id: Option<Option<String>>,
}

impl Words {
    fn entry(self, checks: &mut Checks, read: Option<&Entered>) -> CheckupEntry {
        let c = checks;
        let (results, cleared) = read.map(|read| (read.results.clone(), read.cleared)).unwrap_or_default();
        CheckupEntry {
            clinic: change(c, "/clinic", self.clinic, OrganisationName::parse),
            clinic_code: change(c, "/clinic_code", self.clinic_code, OrganisationName::parse),
            course: change(c, "/course", self.course, OrganisationName::parse),
            doctor: change(c, "/doctor", self.doctor, PersonName::parse),
            comment: change(c, "/comment", self.comment, |text| {
                comment(text).map(|comment| comment.as_str().to_owned()).map_err(|_| COMMENT)
            }),
            clinic_overall: change(c, "/clinic_overall", self.clinic_overall, |text| {
                ClinicGrade::read(text).ok_or(CLINIC_OVERALL)
            }),
            parent: change(c, "/parent_id", self.parent_id, |text| text.parse::<CheckupId>().map_err(|_| PARENT)),
            results,
            cleared,
        }
    }
}

#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
fn change<T>(
    checks: &mut Checks,
    pointer: &str,
    sent: Option<Option<String>>,
    read: impl Fn(&str) -> Result<T, Refused>,
) -> Change<T> {
    match sent {
        None => Change::Keep,
        Some(None) => Change::Clear,
        Some(Some(text)) => checks.field(pointer, read(&text)).map_or(Change::Keep, Change::Set),
    }
}

fn results(checks: &mut Checks, sent: &[ResultBody], may_clear: bool) -> Option<Entered> {
    if sent.len() > MOST_RESULTS {
        checks.fault("/results", "too_many", format!("結果は{MOST_RESULTS}件まで指定できます。"));
        return None;
    }
    let entries: Vec<Entry<'_>> = sent.iter().map(ResultBody::entry).collect();
    match entered(&entries, may_clear) {
        Ok(read) => Some(read),
        Err(faults) => {
            for Placed { at, code, detail } in faults {
                checks.fault(&format!("/results{at}"), code, detail);
            }
            None
        }
    }
}

fn keys(sent: &[ResultBody]) -> Vec<String> {
    sent.iter().map(|result| result.item.clone()).collect()
}

#[cfg(test)]
mod tests {
    use domain::checkup::change::{CAUSES, CauseRow};
    use jiff::civil::date;
    use serde_json::{Value, from_value, json};

    use super::*;

    const TODAY: Date = date(2026, 11, 23);

    fn good() -> Value {
        json!({ "examined_on": "2026-07-19", "kind": "periodic", "clinic": "みなと健診クリニック", "clinic_overall": "B",
            "results": [{ "item": "sbp", "value": 127, "raw": "１２７" }, { "item": "crp", "value": "<0.10", "grade": "A" }] })
    }

    fn pointers(problem: &Problem) -> Vec<&str> {
        problem.errors.iter().map(|fault| fault.pointer.as_str()).collect()
    }

    #[test]
    fn r34_a_checkup_is_read_whole() {
        let new = from_value::<NewCheckupBody>(good()).unwrap().checked(TODAY).unwrap_or_else(|_| panic!());
        assert_eq!((new.examined_on, new.kind, new.items.len()), (date(2026, 7, 19), CheckupKind::Periodic, 2));
        assert_eq!((new.entry.results.len(), &new.entry.course), (2, &Change::Keep));
    }

    #[test]
    fn every_fault_of_a_checkup_is_told_at_once() {
        let mut body = good();
        for (field, value) in [
            ("examined_on", json!("2026-11-24")),
            ("kind", json!("定期")),
            ("doctor", json!("a\u{0}")),
            ("parent_id", json!("chk_1")),
            ("comment", json!("あ".repeat(2001))),
            ("results", json!([{ "item": "sbp", "value": 1270 }, { "item": "hb" }])),
        ] {
            body[field] = value;
        }
        let Err(problem) = from_value::<NewCheckupBody>(body).unwrap().checked(TODAY) else { panic!("it is wrong") };
        let expected =
            ["/examined_on", "/kind", "/results/0/value", "/results/1/value", "/doctor", "/comment", "/parent_id"];
        assert_eq!(pointers(&problem), expected);
        let mut nothing = good();
        nothing["results"] = json!([]);
        let Err(problem) = from_value::<NewCheckupBody>(nothing).unwrap().checked(TODAY) else { panic!("it is empty") };
        assert_eq!(pointers(&problem), ["/results"]);
    }

    #[test]
    fn a_correction_says_why() {
        let of = |body| from_value::<CheckupBody>(body).unwrap().checked().map_err(|problem| problem.errors.len());
        let good =
            of(json!({ "reason": "transcription", "clinic": null, "results": [{ "item": "sbp", "value": null }] }));
        let good = good.unwrap_or_else(|_| panic!());
        assert_eq!((good.because.0, &good.entry.clinic), (Cause::Transcription, &Change::Clear));
        assert!(!good.entry.cleared.is_empty());
        assert!(of(json!({ "reason": "other", "note": "前年の値だった" })).is_ok());
        for wrong in [json!({ "reason": "other" }), json!({ "reason": "duplicate" }), json!({ "reason": "x" })] {
            assert_eq!(of(wrong).err(), Some(1));
        }
    }

    #[test]
    fn the_reasons_that_are_told_are_those_of_the_table() {
        let codes = |detail: &str| {
            CAUSES.iter().filter(|row| detail.contains(row.code)).map(|row| row.code).collect::<Vec<_>>()
        };
        let of = |is: fn(&&CauseRow) -> bool| CAUSES.iter().filter(is).map(|row| row.code).collect::<Vec<_>>();
        assert_eq!(codes(REASON.detail), of(|row| row.corrects));
        assert_eq!(codes(VOID_REASON.detail), of(|row| row.voids));
    }
}
