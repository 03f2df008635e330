//! What is held about somebody, for them to take away (保有個人データの開示, 個人情報保護法33条; domain.md 10.3): the kinds of it, each with its columns. What is held about them for the
//! company's duties is told by the same lines as in the company's own files ([`super::EXPORTS`]).

use serde::{Deserialize, Serialize};

use super::{Column, EXPORTS, ExportKind};

/// A kind of what is held about somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnKind {
    /// Who they are (従業員).
    Employee,
    /// The hazardous work that they do, did and will do (有害業務の従事歴).
    HazardousWork,
    /// Where they stood since when (所属の履歴).
    Placements,
    /// Their account (アカウント).
    Account,
    /// Their checkups (健康診断).
    Checkups,
    /// Results of these, a line for each item.
    CheckupResults,
    /// What these said before they were corrected.
    CheckupHistory,
    /// What physicians and the employer said about their work (就業判定).
    WorkFitness,
    /// What they were advised, and what they answered (受診勧奨).
    FollowUps,
    /// When and where they wished to be examined, and what is booked (受診希望・予約).
    CheckupWishes,
    /// Months of their working hours (労働時間).
    WorkingHours,
    /// Their interviews (面談・面接指導), a line for each step, consultations and their own words included; private notes are not.
    Interviews,
    /// Fatigue check lists that they filled in (疲労蓄積度自己診断).
    FatigueChecks,
    /// What they answered in stress checks, a line for each item (ストレスチェックの回答).
    StressAnswers,
    /// What that came to, and what they said about it (ストレスチェックの結果).
    StressResults,
    /// What they measured and noted (ライフログ).
    Lifelogs,
    /// The ledger of their points (健康ポイント).
    Points,
    /// What they asked for about their data (開示等の請求).
    RightsRequests,
    /// Who looked at their record (閲覧履歴).
    AccessLog,
}

/// A row of the table.
#[derive(Debug)]
pub struct OwnRow {
    /// The kind.
    pub kind: OwnKind,
    /// Its name in requests and answers.
    pub name: &'static str,
    /// What people read.
    pub japanese: &'static str,
    /// The columns.
    pub columns: &'static [Column],
    /// Of which of the company's kinds its lines are, if they are.
    pub export: Option<ExportKind>,
}

const fn shared(kind: OwnKind, name: &'static str, japanese: &'static str, export: ExportKind) -> OwnRow {
    OwnRow { kind, name, japanese, columns: EXPORTS[export as usize].columns, export: Some(export) }
}

const fn own(kind: OwnKind, name: &'static str, japanese: &'static str, columns: &'static [Column]) -> OwnRow {
    OwnRow { kind, name, japanese, columns, export: None }
}

/// The table, in the order in which it is told.
#[rustfmt::skip]
pub const OWN: &[OwnRow] = &[
    shared(OwnKind::Employee,       "employee",        "従業員情報",                 ExportKind::Employees),
    own(OwnKind::HazardousWork, "hazardous_work", "有害業務の従事歴", &[
        ("hazard", "有害業務コード"), ("name", "有害業務"), ("checkup", "健康診断の種類"), ("from", "従事開始日"), ("until", "従事終了日")]),
    shared(OwnKind::Placements,     "placements",      "所属の履歴",                 ExportKind::Placements),
    shared(OwnKind::Account,        "account",         "アカウント",                 ExportKind::Accounts),
    shared(OwnKind::Checkups,       "checkups",        "健康診断",                   ExportKind::Checkups),
    shared(OwnKind::CheckupResults, "checkup_results", "健康診断の項目別の結果",     ExportKind::CheckupResults),
    shared(OwnKind::CheckupHistory, "checkup_history", "健康診断の訂正前の記録",     ExportKind::CheckupHistory),
    shared(OwnKind::WorkFitness,    "work_fitness",    "就業判定・事後措置",         ExportKind::WorkFitness),
    shared(OwnKind::FollowUps,      "follow_ups",      "受診勧奨",                   ExportKind::FollowUps),
    own(OwnKind::CheckupWishes, "checkup_wishes", "受診希望・予約", &[
        ("kind", "健診種別"), ("state", "状態"), ("clinic", "希望する医療機関"), ("dates", "希望日"), ("note", "希望の内容"), ("reserved_on", "予約日"),
        ("reserved_at", "予約時刻"), ("reserved_clinic", "予約した医療機関"), ("reserved_note", "予約の連絡事項"), ("wished_at", "希望を登録した日時"),
        ("updated_at", "更新日時")]),
    shared(OwnKind::WorkingHours,   "working_hours",   "労働時間の状況",             ExportKind::WorkingHours),
    shared(OwnKind::Interviews,     "interviews",      "面談・面接指導",             ExportKind::Interviews),
    own(OwnKind::FatigueChecks, "fatigue_checks", "疲労蓄積度自己診断", &[
        ("id", "ID"), ("at", "回答日時"), ("edition", "版"), ("symptoms", "自覚症状の点数"), ("work", "勤務の状況の点数"), ("burden", "仕事による負担度"),
        ("level", "判定"), ("answers", "回答（自覚症状／勤務の状況）")]),
    own(OwnKind::StressAnswers, "stress_answers", "ストレスチェックの回答", &[
        ("round_id", "実施回ID"), ("round", "実施回"), ("item", "項目番号"), ("text", "項目"), ("choice", "回答の番号"), ("submitted_at", "提出日時")]),
    own(OwnKind::StressResults, "stress_results", "ストレスチェックの結果", &[
        ("round_id", "実施回ID"), ("round", "実施回"), ("answered_at", "回答日時"), ("high", "高ストレス"), ("needs_interview", "面接指導の要否"),
        ("causes", "仕事のストレス要因（A）"), ("reactions", "心身のストレス反応（B）"), ("support", "周囲のサポート（C）"), ("scales", "尺度の評価点"),
        ("consented_at", "提供に同意した日時"), ("requested_at", "面接指導を申し出た日時"), ("provided_at", "事業者が確認した日時")]),
    own(OwnKind::Lifelogs, "lifelogs", "ライフログ", &[
        ("id", "ID"), ("metric", "項目"), ("measured_at", "測定日時"), ("value", "値"), ("unit", "単位"), ("second_value", "値（2）"), ("kind", "種類"),
        ("origin", "入力方法"), ("device", "機器"), ("entered_at", "登録日時")]),
    own(OwnKind::Points, "points", "健康ポイントの台帳", &[
        ("number", "番号"), ("at", "日時"), ("act", "内容"), ("points", "ポイント"), ("day", "対象日"), ("rule", "付与の規則"), ("expires_on", "有効期限"), ("reason", "理由")]),
    own(OwnKind::RightsRequests, "rights_requests", "開示等の請求", &[
        ("id", "ID"), ("right", "種類"), ("asked_at", "請求日時"), ("asked", "請求の内容"), ("state", "状態"), ("answered_at", "回答日時"), ("answer", "回答"),
        ("due_on", "期限")]),
    own(OwnKind::AccessLog, "access_log", "閲覧履歴", &[
        ("at", "日時"), ("roles", "ロール"), ("action", "操作"), ("permission", "権限"), ("actor", "実行者の種類"), ("name", "閲覧した人の氏名")]),
];

impl OwnKind {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static OwnRow {
        // The rows stand in the order of the enum, which a test holds.
        &OWN[self as usize]
    }

    /// What comes after it, if anything does.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        OWN.get(self as usize + 1).map(|row| row.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r36_each_kind_has_its_row_and_names_its_columns_once() {
        for (place, row) in OWN.iter().enumerate() {
            assert_eq!(row.kind as usize, place, "{}", row.name);
            assert_eq!(serde_json::to_value(row.kind).unwrap(), row.name);
            let names: std::collections::BTreeSet<_> = row.columns.iter().map(|(name, _)| name).collect();
            assert_eq!(names.len(), row.columns.len(), "{}", row.name);
        }
        let told: Vec<OwnKind> = std::iter::successors(Some(OwnKind::Employee), |kind| kind.next()).collect();
        assert_eq!(told.len(), OWN.len());
    }
}
