//! Checkups as callers see them. What somebody may not see of one, the store has left out.

use domain::{
    checkup::{
        advice,
        grade::{ClinicGrade, Grade},
        item::{Category, ItemId},
        judge::{Conclusions, Summary},
        kind::CheckupKind,
        statutory::Lacking,
        value::{Comparator, Missing, Value},
    },
    decimal::Decimal,
    employee::{PersonName, Sex},
    ids::{CheckupId, EmployeeId},
    organisation::OrganisationName,
    time::Jst,
};
use jiff::civil::Date;
use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;
use store::{ShownCheckup, ShownResult};
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::SchemaType, schema::Type},
};

/// A page of checkups.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckupPage {
    pub(crate) items: Vec<CheckupView>,
    /// 次のページの位置。最後のページでは null です。
    pub(crate) next_cursor: Option<String>,
}

/// All checkups of one employee.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckupList {
    pub(crate) items: Vec<CheckupView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    pub(crate) next_cursor: Option<()>,
}

/// A checkup.
#[derive(Serialize, ToSchema)]
#[schema(as = Checkup)]
pub(crate) struct CheckupView {
    #[schema(value_type = String, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: CheckupId,
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 受診日。
    #[schema(value_type = String, format = Date, example = "2026-07-19")]
    examined_on: Date,
    /// 健診種別のキー。
    #[schema(value_type = String, example = "periodic")]
    kind: CheckupKind,
    /// 健診種別。
    #[schema(example = "定期健康診断")]
    kind_name: &'static str,
    /// 年度。
    #[schema(example = 2026)]
    fiscal_year: i16,
    /// 一次の健康診断のID（二次検査・再検査の場合）。
    #[schema(value_type = Option<String>, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    parent_id: Option<CheckupId>,
    #[serde(flatten)]
    subject: Option<SubjectView>,
    /// 医療機関名。
    #[schema(value_type = Option<String>, example = "みなと健診クリニック")]
    clinic: Option<OrganisationName>,
    /// コース。
    #[schema(value_type = Option<String>, example = "Aコース")]
    course: Option<OrganisationName>,
    /// 健康診断を実施した医師の氏名。
    #[schema(value_type = Option<String>, example = "山田 一郎")]
    doctor: Option<PersonName>,
    /// 医療機関のコメント。
    #[schema(example = "脂質に注意してください。")]
    comment: Option<String>,
    /// 項目ごとの結果（健診項目の一覧の順）。
    results: Vec<ResultView>,
    /// 結果のない法定項目（定期健康診断の場合）。喀痰検査は含まれません。
    lacking: Vec<LackingView>,
    judgement: JudgementView,
    /// 登録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-08-01T09:00:00.000+09:00")]
    created_at: Jst,
    /// 最後に変更した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-08-01T09:00:00.000+09:00")]
    updated_at: Jst,
}

/// Debug output shows no health data.
impl std::fmt::Debug for CheckupView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckupView").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What those see who may see attributes.
#[derive(Serialize, ToSchema)]
struct SubjectView {
    /// 受診日現在の年齢。
    #[schema(example = 41)]
    age: u8,
    /// 性別（male：男、female：女、other：その他・無回答）。
    #[schema(value_type = String, example = "female")]
    sex: Sex,
}

/// The result of one item.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupResult)]
pub(crate) struct ResultView {
    /// 項目のキー。
    #[schema(value_type = String, example = "sbp")]
    item: ItemId,
    /// 項目名。
    #[schema(example = "収縮期血圧")]
    name: &'static str,
    /// 値。数値の項目は健診項目の一覧の単位と桁数による数値、その他は文字列、値がない場合は null です。
    #[schema(schema_with = value_schema)]
    value: Option<ValueView>,
    /// 値との関係（<、<=、>=、>）。ちょうどその値の場合は含まれません。
    #[schema(example = "<")]
    #[serde(skip_serializing_if = "Option::is_none")]
    comparator: Option<&'static str>,
    /// 選択肢の番号。
    #[schema(example = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
    /// 値がない理由（`not_done`：実施せず、`unmeasurable`：測定不能、`omitted`：医師の判断による省略）。
    #[schema(example = "not_done")]
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'static str>,
    /// 単位。
    #[schema(example = "mmHg")]
    unit: Option<&'static str>,
    /// 取込元の表記（値の表記と異なる場合だけ）。
    #[schema(example = "１２５")]
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Box<str>>,
    /// 判定（A：異常なし、B：軽度異常、C：要再検査・生活改善、D：要精密検査・治療）。判定しない項目は null です。
    #[schema(value_type = Option<String>, example = "A")]
    grade: Option<Grade>,
    /// 文言や境界からの推定で、医師の確認が必要な判定かどうか。
    needs_physician: bool,
    /// 特定健診の保健指導判定値に該当するかどうか。判定値のない項目や、上限・下限だけの値で決まらない場合は null です。
    #[schema(example = true)]
    guidance_value: Option<bool>,
    /// 特定健診の受診勧奨判定値に該当するかどうか。
    #[schema(example = false)]
    referral_value: Option<bool>,
    /// 直ちに医療機関を受診することが勧められる値かどうか。
    see_physician_at_once: bool,
    /// 医療機関の判定。
    #[schema(value_type = Option<String>, example = "B")]
    #[serde(skip_serializing_if = "Option::is_none")]
    clinic_grade: Option<String>,
    /// 医療機関の判定の表記（`clinic_grade` に読み替えた場合だけ）。
    #[schema(example = "要精検")]
    #[serde(skip_serializing_if = "Option::is_none")]
    clinic_grade_written: Option<String>,
    /// 他の項目から計算した値かどうか。
    derived: bool,
}

/// What a clinic wrote, where it is not the letter that it stands for.
fn own_word(grade: &ClinicGrade) -> Option<String> {
    Some(grade.written()).filter(|written| *written != grade.as_str()).map(str::to_owned)
}

/// A value: a number with the item's decimals, or words.
enum ValueView {
    Number(Number),
    Words(String),
}

impl Serialize for ValueView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => number.serialize(serializer),
            Self::Words(words) => serializer.serialize_str(words),
        }
    }
}

pub(crate) fn value_schema() -> impl Into<RefOr<Schema>> {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Number, Type::String, Type::Null]))
        .examples([serde_json::json!(125), serde_json::json!("所見なし")])
        .build()
}

/// A decimal as a JSON number that keeps its decimals: `1.50`, not `1.5`.
#[derive(Debug)]
pub(crate) struct Number(pub(crate) Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// The judgement.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupJudgement)]
struct JudgementView {
    /// 総合判定。
    #[schema(value_type = Option<String>, example = "B")]
    overall: Option<Grade>,
    /// 総合判定の名称。
    #[schema(example = "軽度異常")]
    overall_name: Option<&'static str>,
    /// 総合判定が求めること（一般的な説明で、診断ではありません）。
    #[schema(
        example = "基準からわずかに外れていますが、日常生活に差し支えはありません。生活習慣を振り返り、次回の結果と比べてください。"
    )]
    overall_advice: Option<&'static str>,
    /// 医師の確認が必要な判定が含まれるかどうか。
    needs_physician: bool,
    /// 部位別の判定。
    categories: Vec<CategoryView>,
    /// メタボリックシンドローム判定（参照できる項目から計算。医療機関の判定は results の metabo）。
    metabolic: ConclusionView,
    /// 保健指導レベル（参照できる項目から計算。医療機関の判定は results の `guidance_level`）。年度末の年齢で変わり得る場合は判定不能です。
    guidance: ConclusionView,
    /// 就業制限の検討対象の選別（産業医の判断を補助するもので、就業判定ではありません）。
    restriction_screening: ScreeningView,
    /// メタボリックシンドローム判定・保健指導レベルの基準の版。
    #[schema(example = "tokutei-2024")]
    specific_version: String,
    /// 判定基準の版。
    #[schema(example = "ningen-dock-2026-04-01")]
    criteria_version: String,
    /// 医療機関の総合判定。
    #[schema(value_type = Option<String>, example = "B")]
    clinic_overall: Option<String>,
    /// 医療機関の総合判定の表記（`clinic_overall` に読み替えた場合だけ）。
    #[schema(example = "C2")]
    #[serde(skip_serializing_if = "Option::is_none")]
    clinic_overall_written: Option<String>,
}

/// A statutory item without a result.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupLackingItem)]
struct LackingView {
    /// 安衛則第44条第1項の号。
    #[schema(example = 11)]
    number: u8,
    /// 検査の名称。
    #[schema(example = "心電図検査")]
    name: &'static str,
    /// この年齢では、医師の判断で省略できるかどうか。
    may_be_omitted: bool,
    /// 医療機関が「省略」と記載しているかどうか。
    omitted: bool,
}

impl From<Lacking> for LackingView {
    fn from(Lacking { number, name, may_be_omitted, omitted }: Lacking) -> Self {
        Self { number, name, may_be_omitted, omitted }
    }
}

/// A conclusion from several items.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupConclusion)]
struct ConclusionView {
    /// 特定健診のコード（メタボ判定 1：基準該当、2：予備群該当、3：非該当、4：判定不能。保健指導レベル 1：積極的支援、2：動機付け支援、3：なし、4：判定不能）。
    #[schema(example = 3)]
    code: u8,
    /// 名称。
    #[schema(example = "非該当")]
    name: &'static str,
}

/// Of whom a physician considers restriction.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupRestrictionScreening)]
struct ScreeningView {
    /// 検討対象かどうか。
    considered: bool,
    /// 検討値に達した項目のキー。
    #[schema(value_type = Vec<String>, example = json!(["sbp"]))]
    items: Vec<ItemId>,
}

/// The judgement of a category.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupCategoryJudgement)]
struct CategoryView {
    /// 部位のキー。
    #[schema(value_type = String, example = "blood_pressure")]
    category: Category,
    /// 部位。
    #[schema(example = "血圧")]
    name: &'static str,
    /// 判定。
    #[schema(value_type = Option<String>, example = "B")]
    grade: Option<Grade>,
    /// 治療中（E）かどうか。
    treated: bool,
    /// 部位の検査で分かること。
    #[schema(example = "心臓が血液を送り出すときに血管にかかる力です。高い状態が続くと脳や心臓の病気につながります。")]
    about: Option<&'static str>,
    /// 判定が求めること（一般的な説明で、診断ではありません）。
    #[schema(
        example = "基準からわずかに外れていますが、日常生活に差し支えはありません。生活習慣を振り返り、次回の結果と比べてください。"
    )]
    advice: Option<&'static str>,
}

impl From<ShownCheckup> for CheckupView {
    fn from(shown: ShownCheckup) -> Self {
        Self {
            id: shown.id,
            employee_id: shown.employee,
            examined_on: shown.examined_on,
            kind: shown.kind,
            kind_name: shown.kind.japanese(),
            fiscal_year: shown.fiscal_year,
            parent_id: shown.parent,
            subject: shown.subject.map(|subject| SubjectView { age: subject.age, sex: subject.sex }),
            clinic: shown.clinic,
            course: shown.course,
            doctor: shown.doctor,
            comment: shown.comment,
            results: shown.results.into_iter().map(ResultView::from).collect(),
            lacking: shown.lacking.into_iter().map(LackingView::from).collect(),
            judgement: JudgementView::of(
                &shown.summary,
                shown.conclusions,
                shown.criteria_version.to_string(),
                shown.clinic_overall.as_ref(),
            ),
            created_at: shown.created_at,
            updated_at: shown.updated_at,
        }
    }
}

impl From<ShownResult> for ResultView {
    fn from(ShownResult { result, grade, standing }: ShownResult) -> Self {
        let item = result.item.item();
        let (value, comparator, missing) = match &result.value {
            Value::Number(comparator, number) => (Some(ValueView::Number(Number(*number))), sign(*comparator), None),
            Value::Missing(missing) => (None, None, Some(reason(*missing))),
            words => (Some(ValueView::Words(words.japanese(result.item).into_owned())), None, None),
        };
        Self {
            item: result.item,
            name: item.name,
            value,
            comparator,
            code: result.value.code(),
            missing,
            unit: item.unit(),
            raw: result.raw,
            grade: grade.map(|grade| grade.grade),
            needs_physician: grade.is_some_and(|grade| grade.needs_physician),
            guidance_value: standing.and_then(|standing| standing.guidance.certain()),
            referral_value: standing.and_then(|standing| standing.referral?.certain()),
            see_physician_at_once: standing.is_some_and(|standing| standing.at_once),
            clinic_grade: result.clinic_grade.as_ref().map(ClinicGrade::as_str).map(str::to_owned),
            clinic_grade_written: result.clinic_grade.as_ref().and_then(own_word),
            derived: result.derived,
        }
    }
}

fn sign(comparator: Comparator) -> Option<&'static str> {
    (comparator != Comparator::Exact).then(|| comparator.sign())
}

const fn reason(missing: Missing) -> &'static str {
    match missing {
        Missing::NotDone => "not_done",
        Missing::Unmeasurable => "unmeasurable",
        Missing::Omitted => "omitted",
    }
}

impl JudgementView {
    fn of(
        summary: &Summary,
        conclusions: Conclusions,
        criteria_version: String,
        clinic_overall: Option<&ClinicGrade>,
    ) -> Self {
        let Conclusions { rules, metabolic, guidance, restriction } = conclusions;
        let categories = summary.categories().map(|(category, grade, treated)| CategoryView {
            category,
            name: category.japanese(),
            grade,
            treated,
            about: advice::about(category),
            advice: if treated { Some(advice::TREATED) } else { grade.map(advice::asks) },
        });
        Self {
            overall: summary.overall,
            overall_name: summary.overall.map(Grade::japanese),
            overall_advice: summary.overall.map(advice::asks),
            needs_physician: summary.needs_physician,
            categories: categories.collect(),
            metabolic: ConclusionView { code: metabolic.code(), name: metabolic.japanese() },
            guidance: ConclusionView { code: guidance.code(), name: guidance.japanese() },
            restriction_screening: ScreeningView { considered: !restriction.is_empty(), items: restriction },
            specific_version: rules.into_owned(),
            criteria_version,
            clinic_overall: clinic_overall.map(|grade| grade.as_str().to_owned()),
            clinic_overall_written: clinic_overall.and_then(own_word),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::checkup::{items, results::ItemResult, value};

    use super::*;

    fn shown(item: ItemId, cell: &str) -> String {
        let reading = value::read(item, cell).unwrap().unwrap();
        let result = ItemResult { item, value: reading.value, raw: reading.raw, clinic_grade: None, derived: false };
        serde_json::to_string(&ResultView::from(ShownResult { result, grade: None, standing: None })).unwrap()
    }

    #[test]
    fn numbers_keep_the_decimals_of_their_item() {
        assert!(shown(items::HB, "13").contains(r#""value":13.0,"#), "{}", shown(items::HB, "13"));
        assert!(shown(items::VIS_R, "0.7").contains(r#""value":0.70,"#), "{}", shown(items::VIS_R, "0.7"));
        let below = shown(items::CRP, "0.10未満");
        assert!(below.contains(r#""value":0.10,"comparator":"<""#), "{below}");
    }

    #[test]
    fn answers_are_words_with_their_code_and_what_is_missing_says_why() {
        let protein = shown(items::U_PRO, "1+");
        assert!(protein.contains(r#""value":"(+)","code":3"#), "{protein}");
        let missing = shown(items::HB, "測定不能");
        assert!(missing.contains(r#""value":null,"missing":"unmeasurable""#), "{missing}");
    }
}
