//! What is answered to those who write, and what a checkup said before.

use domain::{
    checkup::{
        change::{Cause, ChangeReason, Note},
        item::ItemId,
        kind::CheckupKind,
    },
    ids::{CheckupId, EmployeeId, ImportId},
    intake::{FaultCode, checkups::entry::Placed},
    time::Jst,
};
use jiff::civil::Date;
use serde::Serialize;
use store::{CheckupVersion, CheckupWord, CheckupWordChange, ShownChange, WrittenCheckup};
use utoipa::ToSchema;

use crate::view::ResultView;

/// A checkup that was written. Nothing of what it says: who may write is not thereby somebody who may read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WrittenCheckup)]
pub(crate) struct ReceiptView {
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
    /// 一次の健康診断のID。
    #[schema(value_type = Option<String>, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    parent_id: Option<CheckupId>,
    /// 登録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-08-01T09:00:00.000+09:00")]
    created_at: Jst,
    /// 最後に変更した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-08-01T09:00:00.000+09:00")]
    updated_at: Jst,
    /// 確認をお勧めする点（登録は済んでいます）。
    warnings: Vec<WarningView>,
}

/// Something to be looked at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupWarning)]
struct WarningView {
    /// 本文での場所（JSON Pointer）。
    #[schema(example = "/results/3/value")]
    pointer: String,
    /// 種類を表す、変わらないコード。
    #[schema(example = "unit_converted")]
    code: &'static str,
    /// 内容。
    #[schema(example = "単位を換算しました。値を確かめてください。")]
    detail: &'static str,
}

impl WarningView {
    fn of(pointer: String, code: FaultCode) -> Self {
        Self { pointer, code: code.as_str(), detail: code.detail() }
    }
}

impl ReceiptView {
    /// `items` are the keys of what was sent, in its order.
    pub(crate) fn of(written: &WrittenCheckup, items: &[String], warnings: &[Placed]) -> Self {
        let noted = warnings.iter().map(|it| WarningView {
            pointer: format!("/results{}", it.at),
            code: it.code,
            detail: it.detail,
        });
        let place = |item: &ItemId| {
            let at = items.iter().position(|key| key == item.item().key)?;
            Some(WarningView::of(format!("/results/{at}/value"), FaultCode::DerivedValueDiffers))
        };
        let differing = written.differing.iter().filter_map(place);
        let before_hiring =
            written.before_hiring.then(|| WarningView::of("/examined_on".to_owned(), FaultCode::CheckupBeforeHire));
        Self {
            id: written.id,
            employee_id: written.employee,
            examined_on: written.examined_on,
            kind: written.kind,
            kind_name: written.kind.japanese(),
            fiscal_year: written.fiscal_year,
            parent_id: written.parent,
            created_at: written.created_at,
            updated_at: written.updated_at,
            warnings: noted.chain(differing).chain(before_hiring).collect(),
        }
    }
}

/// All versions of a checkup.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupHistory)]
pub(crate) struct HistoryView {
    pub(crate) items: Vec<VersionView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    pub(crate) next_cursor: Option<()>,
}

/// One version.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupVersion)]
pub(crate) struct VersionView {
    /// 版（その時点の ETag）。
    #[schema(example = 2)]
    version: u64,
    /// 記録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-08-03T10:15:00.000+09:00")]
    at: Jst,
    /// 記録した人のアカウント、またはAPIクライアントのID。
    #[schema(example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    written_by: Option<String>,
    /// 経緯（import：取込、entry：登録、correction：訂正、void：無効、undo：取込の取消、rejudge：再判定）。
    #[schema(value_type = String, example = "correction")]
    reason: ChangeReason,
    /// 経緯の名称。
    #[schema(example = "訂正")]
    reason_name: &'static str,
    /// 訂正・無効の理由のコード。
    #[schema(value_type = Option<String>, example = "transcription")]
    cause: Option<Cause>,
    /// 訂正・無効の理由。
    #[schema(example = "転記の誤り")]
    cause_name: Option<&'static str>,
    /// 訂正の説明。法定外の項目も参照できる場合にだけ含まれます。
    #[schema(value_type = Option<String>, example = "収縮期血圧の桁を誤って転記していた")]
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
    /// 取込のID。
    #[schema(value_type = Option<String>, example = "imp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    import_id: Option<ImportId>,
    /// 一次の健康診断のID。
    #[schema(value_type = Option<String>, example = "chk_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    parent_id: Option<CheckupId>,
    /// この版で無効になったかどうか。
    void: bool,
    /// 判定基準の版。
    #[schema(example = "ningen-dock-2026-04-01")]
    criteria_version: String,
    /// 前の版から変わった項目（値・原本の表記・医療機関の判定・判定）。
    changes: Vec<ChangeView>,
    /// 前の版から変わった、項目以外の内容。
    words: Vec<WordView>,
}

/// Debug output shows no health data.
impl std::fmt::Debug for VersionView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VersionView").field("version", &self.version).finish_non_exhaustive()
    }
}

/// An item that changed.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupChange)]
struct ChangeView {
    /// 項目のキー。
    #[schema(value_type = String, example = "sbp")]
    item: ItemId,
    /// 項目名。
    #[schema(example = "収縮期血圧")]
    name: &'static str,
    /// 前の版での結果。なかった場合は null です。
    before: Option<ResultView>,
    /// この版での結果。なくなった場合は null です。
    after: Option<ResultView>,
}

/// A text that changed.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckupWordChange)]
struct WordView {
    /// 内容のキー（clinic、`clinic_code`、course、doctor、comment、`clinic_overall`）。
    #[schema(example = "clinic")]
    field: &'static str,
    /// 内容の名称。
    #[schema(example = "医療機関名")]
    name: &'static str,
    /// 前の版での内容。
    #[schema(example = "みなと健診クリニック")]
    before: Option<String>,
    /// この版での内容。
    #[schema(example = "川崎中央病院")]
    after: Option<String>,
}

const fn word(word: CheckupWord) -> (&'static str, &'static str) {
    match word {
        CheckupWord::Clinic => ("clinic", "医療機関名"),
        CheckupWord::ClinicCode => ("clinic_code", "医療機関コード"),
        CheckupWord::Course => ("course", "コース"),
        CheckupWord::Doctor => ("doctor", "健康診断を実施した医師の氏名"),
        CheckupWord::Comment => ("comment", "医療機関のコメント"),
        CheckupWord::ClinicOverall => ("clinic_overall", "医療機関の総合判定"),
    }
}

impl From<ShownChange> for ChangeView {
    fn from(change: ShownChange) -> Self {
        Self {
            item: change.item,
            name: change.item.item().name,
            before: change.before.map(ResultView::from),
            after: change.after.map(ResultView::from),
        }
    }
}

impl From<CheckupWordChange> for WordView {
    fn from(change: CheckupWordChange) -> Self {
        let (field, name) = word(change.word);
        Self { field, name, before: change.before, after: change.after }
    }
}

impl From<CheckupVersion> for VersionView {
    fn from(version: CheckupVersion) -> Self {
        Self {
            version: version.version,
            at: version.at,
            written_by: version.by,
            reason: version.reason,
            reason_name: version.reason.japanese(),
            cause: version.cause,
            cause_name: version.cause.map(|cause| cause.row().japanese),
            note: version.note,
            import_id: version.import,
            parent_id: version.parent,
            void: version.void,
            criteria_version: version.criteria_version.to_string(),
            changes: version.changes.into_iter().map(ChangeView::from).collect(),
            words: version.words.into_iter().map(WordView::from).collect(),
        }
    }
}
