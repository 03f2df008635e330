//! Everything that can be wrong with a customer's file, in one table: a stable code for programs and a Japanese sentence
//! that tells what to do. Codes that need the register to be found are emitted by the importer.

use serde::{Deserialize, Serialize};

use crate::{
    account::{
        LoginId,
        password::{BcryptHash, PasswordBar, Violation},
    },
    checked::Refused,
    employee::{BirthDate, EmployeeNumber, EmploymentType, JobTitle, Kana, MailAddress, PersonName},
    organisation::{DepartmentCode, OrganisationName, WorkplaceCode},
};

/// Whether a fault keeps a row from being applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

/// What can be wrong with a file, a row or a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// The file has no header, or nothing but one.
    EmptyFile,
    /// Bytes of two encodings.
    MixedEncoding,
    /// UTF-16, which spreadsheets call Unicode text.
    EncodingUnsupported,
    /// Over the limit of bytes or rows.
    FileTooLarge,
    /// More departments than one file takes.
    TooManyDepartments,
    /// The layout that was asked for is not there.
    LayoutUnknown,
    /// A workbook with a password.
    WorkbookEncrypted,
    /// A workbook of before 2007 (xls).
    WorkbookTooOld,
    /// A workbook with macros.
    WorkbookHasMacros,
    /// A workbook that is too large, zipped or unzipped.
    WorkbookTooLarge,
    /// A zip that is no workbook, or a broken one.
    WorkbookUnreadable,
    /// The workbook has no such sheet, or none that can be seen.
    SheetUnknown,
    /// A quote without its partner.
    BrokenQuote,
    /// A record with more or fewer cells than the header.
    WrongColumnCount,
    /// A header that means nothing to us.
    UnknownHeader,
    /// A required header is absent.
    MissingHeader,
    /// Two headers mean the same.
    DuplicateHeader,
    /// The uploader may not bring in this column.
    ColumnNotPermitted,
    /// A required cell is empty.
    Required,
    /// A required value was to be cleared.
    CannotClear,
    /// An employee number of a form that none has.
    EmployeeNumberInvalid,
    /// No employee has this number.
    UnknownEmployee,
    /// Whose the row is must be said by a person.
    WaitsForMatching,
    /// The employee had retired before.
    RetiredEmployee,
    /// The same number, code, or employee with day and kind, stands in the file twice.
    DuplicateInFile,
    /// A name of a form that none has.
    NameInvalid,
    /// The name is not the one in the register.
    NameContradicts,
    /// A reading that is no katakana.
    KanaInvalid,
    /// The reading is not the one in the register.
    KanaContradicts,
    /// No employee of that age.
    BirthDateImplausible,
    /// The birth date is not the one in the register.
    BirthDateContradicts,
    /// A word that is no sex.
    SexInvalid,
    /// The sex is not the one in the register.
    SexContradicts,
    /// The age is not the one that follows from the birth date.
    AgeContradicts,
    /// A number that is no age.
    AgeInvalid,
    /// Not a date.
    DateInvalid,
    /// A year that its era never reached.
    EraDateDoesNotExist,
    /// A year of two digits without an era.
    TwoDigitYear,
    /// A serial number of a spreadsheet.
    SerialNumber,
    /// The era had ended or not begun; read by year arithmetic.
    DateOutsideEra,
    /// A day that has not come yet.
    FutureDate,
    /// Not in the fiscal year that the import was declared for.
    DateOutsideFiscalYear,
    /// Retirement before hiring.
    RetiredBeforeHired,
    /// Retired, but no day of it.
    RetirementDateMissing,
    /// A word that is no state of employment.
    EmploymentStateInvalid,
    /// A kind of employment of unfit form.
    EmploymentTypeInvalid,
    /// A position of unfit form.
    JobTitleInvalid,
    /// A word that is no hazardous work.
    HazardUnknown,
    /// Neither yes nor no.
    FlagInvalid,
    /// Not a mail address.
    MailAddressInvalid,
    /// Another employee has this mail address.
    MailAddressTaken,
    /// A workplace's code of unfit form.
    WorkplaceCodeInvalid,
    /// No such workplace.
    WorkplaceUnknown,
    /// The workplace of this code has another name.
    WorkplaceNameContradicts,
    /// A department's code of unfit form.
    DepartmentCodeInvalid,
    /// No such department.
    DepartmentUnknown,
    /// The parent is neither in the register nor in the file.
    ParentUnknown,
    /// A department would lie below itself.
    DepartmentCycle,
    /// A department would lie too deep.
    DepartmentTooDeep,
    /// A name of a department, workplace or clinic of unfit form.
    OrganisationNameInvalid,
    /// A word that is no kind of checkup.
    CheckupKindUnknown,
    /// A checkup before the day of hiring.
    CheckupBeforeHire,
    /// A row of a checkup without a single result.
    NoResults,
    /// A day of a lifelog without a single value.
    NothingMeasured,
    /// A cell that is no number.
    ValueUnreadable,
    /// A number that is not plausible.
    ValueOutOfRange,
    /// A word that is none of the item's answers.
    AnswerUnknown,
    /// Text too long or with control characters.
    TextUnfit,
    /// Diastolic pressure not below the systolic.
    DiastolicNotBelowSystolic,
    /// The same value was delivered in two columns that differ.
    ValueContradicts,
    /// A finding is said to be there, but not which.
    FindingWithoutWords,
    /// The number was taken for another unit and converted.
    UnitConverted,
    /// A supplied value is another than the computed one.
    DerivedValueDiffers,
    /// The clinic's grade is none that we know.
    ClinicGradeUnknown,
    /// A login id of a form that none has.
    LoginIdInvalid,
    /// No account has this login id.
    LoginUnknown,
    /// An account has this login id already.
    LoginTaken,
    /// A word that is none of create, change and delete.
    OperationUnknown,
    /// A cell that would grant something.
    GrantsNotTaken,
    /// A password and a hash in one row.
    PasswordTwice,
    /// A password under the bar of its account.
    PasswordTooShort,
    /// A password that is too long.
    PasswordTooLong,
    /// A password of too few kinds of characters.
    PasswordTooFewKinds,
    /// A password with a control character.
    PasswordControlCharacter,
    /// A password that is well known.
    PasswordCommon,
    /// A password that holds the login id.
    PasswordHoldsLoginId,
    /// A password that holds the tenant's code.
    PasswordHoldsTenantCode,
    /// One of the account's last five passwords.
    PasswordUsedBefore,
    /// Not a bcrypt hash that is taken.
    BcryptHashInvalid,
    /// A hash for an account that is there already.
    HashPassedOver,
    /// An invitation has nowhere to go.
    MailNeeded,
    /// The employee has another account.
    EmployeeHasAccount,
    /// The account is another employee's.
    AccountOfAnother,
    /// An account that would begin suspended.
    CreatedSuspended,
    /// The import was started without the right to delete.
    DeletionNotAllowed,
    /// The uploader's own account.
    OwnAccount,
    /// Authority over people would meet a role of the stress check.
    PersonnelAuthority,
    /// No usable administrator would remain.
    LastAdministrator,
    /// Not a month.
    MonthInvalid,
    /// A period without a day, without one of its ends, or of more than two months.
    PeriodInvalid,
    /// A month before the day of hiring.
    MonthBeforeHire,
    /// A cell that is no length of time.
    HoursUnreadable,
    /// A length of time with more decimals than are held exactly.
    HoursTooFine,
    /// Overtime and days off are more than all hours.
    OvertimeOverTotal,
    /// A word that is no kind of worker.
    WorkerKindUnknown,
    /// The row changed between check and application.
    ChangedMeanwhile,
    /// What an import wrote has changed since, or something rests on it: it cannot be undone.
    TouchedSinceImport,
    /// No answer to an item of a stress check.
    ChoiceInvalid,
    /// Answers that a decision needs are missing.
    AnswersIncomplete,
    /// Other answers were submitted before.
    AlreadyAnswered,
    /// The round does not ask this employee.
    NotAsked,
    /// The round takes no answers.
    RoundNotOpen,
}

impl From<Violation> for FaultCode {
    fn from(violation: Violation) -> Self {
        match violation {
            Violation::TooShort(_) => Self::PasswordTooShort,
            Violation::TooLong => Self::PasswordTooLong,
            Violation::TooFewKinds => Self::PasswordTooFewKinds,
            Violation::ControlCharacter => Self::PasswordControlCharacter,
            Violation::Common => Self::PasswordCommon,
            Violation::HoldsLoginId => Self::PasswordHoldsLoginId,
            Violation::HoldsTenantCode => Self::PasswordHoldsTenantCode,
            Violation::UsedBefore => Self::PasswordUsedBefore,
        }
    }
}

/// One row of the table.
struct Row {
    code: FaultCode,
    name: &'static str,
    severity: Severity,
    detail: &'static str,
}

const fn error(code: FaultCode, name: &'static str, detail: &'static str) -> Row {
    Row { code, name, severity: Severity::Error, detail }
}

const fn warning(code: FaultCode, name: &'static str, detail: &'static str) -> Row {
    Row { code, name, severity: Severity::Warning, detail }
}

/// The refusal of a kind of text, said once where that text is defined.
const fn refused(code: FaultCode, refused: Refused) -> Row {
    error(code, refused.code, refused.detail)
}

/// A rule of passwords, said once where they are judged.
const fn broken(code: FaultCode, violation: Violation) -> Row {
    error(code, violation.code(), violation.detail())
}

use FaultCode as F;

/// The table, in the order of [`FaultCode`].
const TABLE: &[Row] = &[
    error(F::EmptyFile, "empty_file", "ファイルにデータ行がありません。見出し行の下にデータを入れてください。"),
    error(
        F::MixedEncoding,
        "mixed_encoding",
        "文字コードが混在しています。UTF-8かShift_JISのどちらかに揃えて保存し直してください。",
    ),
    error(
        F::EncodingUnsupported,
        "encoding_unsupported",
        "UTF-16(Unicodeテキスト)は読み込めません。「CSV UTF-8」か「CSV(コンマ区切り)」で保存し直してください。",
    ),
    error(F::FileTooLarge, "file_too_large", "ファイルが大きすぎます。1GiB・200万行以内に分けてください。"),
    error(
        F::TooManyDepartments,
        "too_many_departments",
        "部署は1ファイルに5,000行までです。分けて取り込んでください。",
    ),
    error(
        F::LayoutUnknown,
        "layout_unknown",
        "指定した取込レイアウトが登録されていません。名称を確かめるか、レイアウトを登録してから取り込んでください。",
    ),
    error(
        F::WorkbookEncrypted,
        "workbook_encrypted",
        "パスワードが設定されたExcelブックは読み込めません。パスワードを解除して保存し直してください。",
    ),
    error(
        F::WorkbookTooOld,
        "workbook_too_old",
        "古い形式のExcelブック(.xls)は読み込めません。「Excelブック(.xlsx)」かCSVで保存し直してください。",
    ),
    error(
        F::WorkbookHasMacros,
        "workbook_has_macros",
        "マクロを含むExcelブックは読み込めません。「Excelブック(.xlsx)」で保存し直してください。",
    ),
    error(
        F::WorkbookTooLarge,
        "workbook_too_large",
        "Excelブックが大きすぎます。50MiB・20万行・500列以内に分けるか、CSVで保存し直してください。",
    ),
    error(
        F::WorkbookUnreadable,
        "workbook_unreadable",
        "Excelブックとして読み込めません。ファイルが壊れていないか確かめ、保存し直してください。",
    ),
    error(
        F::SheetUnknown,
        "sheet_unknown",
        "Excelブックに対象のシートがありません。シート名を確かめるか、取込レイアウトを修正してください。",
    ),
    error(F::BrokenQuote, "broken_quote", "引用符(\")が閉じていません。セル内の引用符は\"\"と2つ重ねてください。"),
    error(
        F::WrongColumnCount,
        "wrong_column_count",
        "列の数が見出し行と違います。セル内のカンマは引用符で囲んでください。",
    ),
    error(
        F::UnknownHeader,
        "unknown_header",
        "取り込めない見出しです。見出しを直すか、取込設定で対応する項目または「取り込まない」を選んでください。",
    ),
    error(F::MissingHeader, "missing_header", "必須の列がありません。見出しを追加してください。"),
    error(F::DuplicateHeader, "duplicate_header", "同じ項目の列が2つあります。どちらかを削除してください。"),
    error(
        F::ColumnNotPermitted,
        "column_not_permitted",
        "この列を取り込む権限がありません。列を削除するか、権限のある担当者に依頼してください。",
    ),
    error(F::Required, "required", "必須の項目が空です。値を入力してください。"),
    error(F::CannotClear, "cannot_clear", "必須の項目は消去できません。値を入力してください。"),
    refused(F::EmployeeNumberInvalid, EmployeeNumber::REFUSED),
    error(
        F::UnknownEmployee,
        "unknown_employee",
        "この社員番号の従業員は登録されていません。社員番号を確かめるか、先に従業員を登録してください。",
    ),
    warning(
        F::WaitsForMatching,
        "waits_for_matching",
        "誰の行か特定できません。照合待ちの一覧で従業員を選ぶと反映します(7日以内)。",
    ),
    error(F::RetiredEmployee, "retired_employee", "退職した従業員です。社員番号と日付を確かめてください。"),
    error(
        F::DuplicateInFile,
        "duplicate_in_file",
        "同じデータがファイルの中に2行以上あります。1行にまとめてください。",
    ),
    refused(F::NameInvalid, PersonName::REFUSED),
    error(
        F::NameContradicts,
        "name_contradicts",
        "氏名が登録と一致しません。別人の行になっていないか、社員番号を確かめてください。",
    ),
    refused(F::KanaInvalid, Kana::REFUSED),
    error(
        F::KanaContradicts,
        "kana_contradicts",
        "フリガナが登録と一致しません。別人の行になっていないか、社員番号を確かめてください。",
    ),
    refused(F::BirthDateImplausible, BirthDate::IMPLAUSIBLE),
    error(
        F::BirthDateContradicts,
        "birth_date_contradicts",
        "生年月日が登録と一致しません。別人の行になっていないか、社員番号を確かめてください。",
    ),
    error(F::SexInvalid, "sex_invalid", "性別は「男」「女」「その他」のいずれかで入力してください。"),
    error(
        F::SexContradicts,
        "sex_contradicts",
        "性別が登録と一致しません。別人の行になっていないか、社員番号を確かめてください。",
    ),
    warning(
        F::AgeContradicts,
        "age_contradicts",
        "年齢が、登録の生年月日から計算した受診日の年齢と一致しません。受診日を確かめてください。",
    ),
    error(F::AgeInvalid, "age_invalid", "年齢は0〜120の整数で入力してください。"),
    error(
        F::DateInvalid,
        "date_invalid",
        "日付として読めません。「2026-04-01」や「令和8年4月1日」のように、実在する日付を入力してください。",
    ),
    error(
        F::EraDateDoesNotExist,
        "era_date_does_not_exist",
        "この元号にその年はありません。元号と年を確かめるか、西暦で入力してください。",
    ),
    error(F::TwoDigitYear, "two_digit_year", "年が2桁です。西暦4桁にするか、元号を付けて入力してください。"),
    error(
        F::SerialNumber,
        "serial_number",
        "表計算ソフトの通し番号のようです。セルの表示形式を日付にしてから書き出してください。",
    ),
    warning(
        F::DateOutsideEra,
        "date_outside_era",
        "元号の期間外の日付です。年をそのまま西暦に換算しました。換算後の日付を確かめてください。",
    ),
    error(F::FutureDate, "future_date", "未来の日付です。年を確かめてください。"),
    error(
        F::DateOutsideFiscalYear,
        "date_outside_fiscal_year",
        "取込で指定した年度の外の日付です。年度か日付を確かめてください。",
    ),
    error(F::RetiredBeforeHired, "retired_before_hired", "退職年月日が入社年月日より前です。日付を確かめてください。"),
    warning(
        F::RetirementDateMissing,
        "retirement_date_missing",
        "退職年月日がありません。保存期間の計算に使うため、入力してください。",
    ),
    error(
        F::EmploymentStateInvalid,
        "employment_state_invalid",
        "在籍区分は「在籍」「休職」「出向」「退職」のいずれかで入力してください。",
    ),
    refused(F::EmploymentTypeInvalid, EmploymentType::REFUSED),
    refused(F::JobTitleInvalid, JobTitle::REFUSED),
    error(
        F::HazardUnknown,
        "hazard_unknown",
        "有害業務コードを確認できません。GET /v1/checkups/hazards のコードまたは名称を、読点か空白で区切って入力してください(例: organic_solvents、鉛)。",
    ),
    error(F::FlagInvalid, "flag_invalid", "「1」か「0」(または「はい」「いいえ」)で入力してください。"),
    refused(F::MailAddressInvalid, MailAddress::REFUSED),
    error(
        F::MailAddressTaken,
        "mail_address_taken",
        "このメールアドレスは別の従業員に登録されています。1人に1つのアドレスを入力してください。",
    ),
    refused(F::WorkplaceCodeInvalid, WorkplaceCode::REFUSED),
    error(
        F::WorkplaceUnknown,
        "workplace_unknown",
        "この事業場は登録されていません。コードを確かめるか、先に事業場を登録してください。",
    ),
    error(
        F::WorkplaceNameContradicts,
        "workplace_name_contradicts",
        "事業場コードと事業場名の組合せが登録と一致しません。どちらかを直してください。",
    ),
    refused(F::DepartmentCodeInvalid, DepartmentCode::REFUSED),
    error(
        F::DepartmentUnknown,
        "department_unknown",
        "この部署は登録されていません。コードを確かめるか、先に部署を登録してください。",
    ),
    error(
        F::ParentUnknown,
        "parent_unknown",
        "上位部署が登録にもファイルにもありません。上位部署コードを確かめてください。",
    ),
    error(F::DepartmentCycle, "department_cycle", "上位部署をたどると自分に戻ります。上位部署コードを直してください。"),
    error(F::DepartmentTooDeep, "department_too_deep", "部署の階層は20段までです。上位部署コードを直してください。"),
    refused(F::OrganisationNameInvalid, OrganisationName::REFUSED),
    error(
        F::CheckupKindUnknown,
        "checkup_kind_unknown",
        "健診種別が分かりません。「定期健康診断」「雇入時健康診断」などで入力してください。",
    ),
    warning(
        F::CheckupBeforeHire,
        "checkup_before_hire",
        "入社日より前の受診日です。雇入時の健診でなければ、日付と社員番号を確かめてください。",
    ),
    error(F::NoResults, "no_results", "検査結果が1つもありません。結果を入力するか、行を削除してください。"),
    warning(F::NothingMeasured, "nothing_measured", "測定値が1つもないため、この行は反映しません。"),
    error(
        F::ValueUnreadable,
        "value_unreadable",
        "数値として読めません。数値のほか「5未満」「測定不能」「実施せず」などで入力してください。",
    ),
    error(F::ValueOutOfRange, "value_out_of_range", "あり得ない値です。桁・単位・列のずれを確かめてください。"),
    error(
        F::AnswerUnknown,
        "answer_unknown",
        "この項目の回答として読めません。項目の選択肢のいずれかで入力してください。",
    ),
    error(
        F::TextUnfit,
        "text_unfit",
        "文字数が多すぎるか、使えない制御文字があります。短くするか、入力し直してください。",
    ),
    error(
        F::DiastolicNotBelowSystolic,
        "diastolic_not_below_systolic",
        "拡張期血圧が収縮期血圧以上です。列が入れ替わっていないか確かめてください。",
    ),
    error(F::ValueContradicts, "value_contradicts", "同じ項目に異なる値が2つあります。どちらかを直してください。"),
    warning(
        F::FindingWithoutWords,
        "finding_without_words",
        "「あり」だけでは内容が分かりません。所見の内容を入力してください。",
    ),
    warning(F::UnitConverted, "unit_converted", "単位が違うと判断し、換算しました。換算後の値を確かめてください。"),
    warning(
        F::DerivedValueDiffers,
        "derived_value_differs",
        "他の項目から計算した値と違います。元の項目の値を確かめてください。",
    ),
    warning(
        F::ClinicGradeUnknown,
        "clinic_grade_unknown",
        "医療機関の判定の読み替えが登録されていません。判定をそのまま残しました。",
    ),
    refused(F::LoginIdInvalid, LoginId::REFUSED),
    error(
        F::LoginUnknown,
        "login_unknown",
        "このログインIDのアカウントはありません。ログインIDを確かめるか、操作を「作成」にしてください。",
    ),
    error(
        F::LoginTaken,
        "login_taken",
        "このログインIDのアカウントはすでにあります。別のログインIDにするか、操作を「変更」にしてください。",
    ),
    error(
        F::OperationUnknown,
        "operation_unknown",
        "操作は「作成」「変更」「削除」のいずれかにするか、空にしてください。",
    ),
    error(
        F::GrantsNotTaken,
        "grants_not_taken",
        "ロールや権限はファイルでは付与できません。この列を空にして取り込み、アカウントごとに付与してください。",
    ),
    error(
        F::PasswordTwice,
        "password_twice",
        "初期パスワードとパスワードハッシュの両方があります。どちらか一方にしてください。",
    ),
    error(
        F::PasswordTooShort,
        Violation::TooShort(PasswordBar::Employee).code(),
        "パスワードは8文字以上、ロールのあるアカウントでは12文字以上にしてください。",
    ),
    broken(F::PasswordTooLong, Violation::TooLong),
    error(
        F::PasswordTooFewKinds,
        Violation::TooFewKinds.code(),
        "パスワードには、英大文字・英小文字・数字・記号のうち3種類以上を混ぜてください。",
    ),
    error(
        F::PasswordControlCharacter,
        Violation::ControlCharacter.code(),
        "パスワードに改行やタブなどの制御文字は使えません。別のものにしてください。",
    ),
    broken(F::PasswordCommon, Violation::Common),
    error(
        F::PasswordHoldsLoginId,
        Violation::HoldsLoginId.code(),
        "ログインIDを含むパスワードは使えません。別のものにしてください。",
    ),
    error(
        F::PasswordHoldsTenantCode,
        Violation::HoldsTenantCode.code(),
        "企業コードを含むパスワードは使えません。別のものにしてください。",
    ),
    broken(F::PasswordUsedBefore, Violation::UsedBefore),
    refused(F::BcryptHashInvalid, BcryptHash::REFUSED),
    warning(
        F::HashPassedOver,
        "hash_passed_over",
        "パスワードハッシュは新しいアカウントにだけ使います。登録済みのアカウントのパスワードは変えていません。",
    ),
    error(
        F::MailNeeded,
        "mail_needed",
        "招待メールの送信先がありません。メールアドレス、初期パスワード、パスワードハッシュのいずれかを入力してください。",
    ),
    error(
        F::EmployeeHasAccount,
        "employee_has_account",
        "この従業員には別のアカウントがあります。社員番号を確かめるか、先にそのアカウントを削除してください。",
    ),
    error(
        F::AccountOfAnother,
        "account_of_another",
        "このアカウントは別の従業員のものです。付け替えはできないため、社員番号とログインIDを確かめてください。",
    ),
    error(
        F::CreatedSuspended,
        "created_suspended",
        "新しいアカウントを停止した状態では作成できません。作成した後に停止してください。",
    ),
    error(
        F::DeletionNotAllowed,
        "deletion_not_allowed",
        "削除を許可していない取込です。options.allow_deletions を true にして、取込を開始し直してください。",
    ),
    error(F::OwnAccount, "own_account", "自分のアカウントはファイルでは変更・削除できません。この行を除いてください。"),
    error(
        F::PersonnelAuthority,
        "personnel_authority",
        "人事権を持つ者は、ストレスチェックの実施者・実施事務従事者になれません。人事権かロールのどちらかを外してください。",
    ),
    error(
        F::LastAdministrator,
        "last_administrator",
        "利用可能なシステム管理者がいなくなるため、反映していません。先に別のシステム管理者を用意してください。",
    ),
    error(
        F::MonthInvalid,
        "month_invalid",
        "年月として読めません。「2026-04」や「2026年4月」のように入力してください。",
    ),
    error(
        F::PeriodInvalid,
        "period_invalid",
        "期間の開始日と終了日は両方を、開始日から終了日まで62日以内で入力してください。",
    ),
    warning(F::MonthBeforeHire, "month_before_hire", "入社日より前の期間です。社員番号と対象年月を確かめてください。"),
    error(
        F::HoursUnreadable,
        "hours_unreadable",
        "時間として読めません。「163.68」「163:41」「9821分」のいずれかの形で入力してください。",
    ),
    error(
        F::HoursTooFine,
        "hours_too_fine",
        "小数の桁数が多すぎます。時間は小数第4位まで、分は小数第2位までにするか、「163:41」の形で入力してください。",
    ),
    error(
        F::OvertimeOverTotal,
        "overtime_over_total",
        "時間外労働と休日労働の合計、または深夜労働が、実労働時間を超えています。値を確かめてください。",
    ),
    error(
        F::WorkerKindUnknown,
        "worker_kind_unknown",
        "労働者区分は「一般」「管理監督者」「裁量労働」「研究開発」「高プロ」のいずれかで入力してください。",
    ),
    error(
        F::ChangedMeanwhile,
        "changed_meanwhile",
        "確認した後にデータが変更されたため、この行は反映していません。もう一度取り込んでください。",
    ),
    error(
        F::TouchedSinceImport,
        "touched_since_import",
        "取込の後に変更されたか、この行をもとにした記録があるため、取り消せません。個別に訂正してください。",
    ),
    error(F::ChoiceInvalid, "choice_invalid", "回答は1～4の数字で入力してください。"),
    warning(
        F::AnswersIncomplete,
        "answers_incomplete",
        "判定に必要な回答が足りません。取り込みますが、判定不能になります。",
    ),
    error(
        F::AlreadyAnswered,
        "already_answered",
        "すでに回答を提出しています。社員番号を確かめるか、実施者に差し戻しを依頼してください。",
    ),
    error(F::NotAsked, "not_asked", "この実施回の対象者ではありません。社員番号と対象者の条件を確かめてください。"),
    error(
        F::RoundNotOpen,
        "round_not_open",
        "受付中の実施回ではないか、担当者ではありません。実施回を確かめてください。",
    ),
];

impl FaultCode {
    /// The code as it is written: `unknown_employee`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// Whether it keeps a row from being applied.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.row().severity
    }

    /// Japanese, for people: what to do.
    #[must_use]
    pub fn detail(self) -> &'static str {
        self.row().detail
    }

    /// All codes with what they mean, for documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.code)
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

impl std::fmt::Display for FaultCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// One fault of a file or a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The column, counted from 0; absent when it concerns the row or the file.
    pub column: Option<u16>,
    /// The header of that column as the file has it, or the header that is missing.
    pub header: Option<Box<str>>,
    /// What is wrong.
    pub code: FaultCode,
    /// What the cell says, where that is nobody's personal data.
    pub shown: Option<Box<str>>,
}

/// The most characters of a cell that are shown.
const SHOWN: usize = 40;

impl Fault {
    /// A fault of a row or a file.
    #[must_use]
    pub fn new(code: FaultCode) -> Self {
        Self { column: None, header: None, code, shown: None }
    }

    /// The same, at a column.
    #[must_use]
    pub fn at(self, column: u16, header: &str) -> Self {
        Self { column: Some(column), header: Some(header.into()), ..self }
    }

    /// The same, showing (the beginning of) what stands there. Never for personal data or health values.
    #[must_use]
    pub fn showing(self, cell: &str) -> Self {
        Self { shown: Some(cell.chars().filter(|c| !c.is_control()).take(SHOWN).collect()), ..self }
    }

    /// Japanese, for people: what to do.
    #[must_use]
    pub fn detail(&self) -> &'static str {
        self.code.detail()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_code_in_order_with_the_name_that_json_has() {
        for (at, row) in TABLE.iter().enumerate() {
            assert_eq!(row.code as usize, at, "{} stands out of order", row.name);
            assert_eq!(serde_json::to_string(&row.code).unwrap(), format!("\"{}\"", row.name));
        }
        assert_eq!(TABLE.len(), FaultCode::RoundNotOpen as usize + 1);
    }

    #[test]
    fn every_sentence_tells_what_to_do_in_japanese() {
        for row in TABLE {
            assert!(
                row.detail.contains("ください") || row.severity == Severity::Warning,
                "{}: {}",
                row.name,
                row.detail
            );
        }
    }
}
