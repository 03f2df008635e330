//! Accounts by file (アカウント): a row creates, changes or deletes one account, found by its login id. What an account is granted is never read from a
//! file: granting wants a fresh one-time password and a look at each.

use zeroize::Zeroizing;

use super::{
    CLEAR, Change, Columns, Fault, FaultCode, Options, Parsed,
    sheet::{Reader, flag, named},
};
use crate::{
    account::{LoginId, password::BcryptHash},
    employee::{EmployeeNumber, MailAddress, PersonName, word_of},
};

/// What a column of accounts means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// 操作.
    Operation,
    /// ログインID.
    LoginId,
    /// 氏名.
    Name,
    /// メールアドレス.
    Mail,
    /// 社員番号.
    EmployeeNumber,
    /// 初期パスワード.
    InitialPassword,
    /// パスワードハッシュ.
    PasswordHash,
    /// 人事権.
    PersonnelAuthority,
    /// 停止.
    Suspended,
    /// ロール, which must be empty.
    Grants,
}

/// What columns are called, the first name being ours.
pub(super) const NAMES: &[(Role, &[&str])] = &[
    (Role::Operation, &["操作", "処理", "処理区分", "operation", "action"]),
    (Role::LoginId, &["ログインID", "ログイン名", "ユーザーID", "アカウント", "login_id", "login id", "login"]),
    (Role::Name, &["氏名", "名前", "利用者名", "ユーザー名", "name"]),
    (Role::Mail, &["メールアドレス", "メール", "Eメール", "E-mail", "email", "mail"]),
    (Role::EmployeeNumber, &["社員番号", "従業員番号", "職員番号", "社員コード", "employee_number", "employee number"]),
    (Role::InitialPassword, &["初期パスワード", "パスワード", "仮パスワード", "initial_password", "password"]),
    (Role::PasswordHash, &["パスワードハッシュ", "パスワード(ハッシュ)", "ハッシュ", "password_hash", "bcrypt"]),
    (Role::PersonnelAuthority, &["人事権フラグ", "人事権", "personnel_authority"]),
    (Role::Suspended, &["停止", "停止フラグ", "利用停止", "suspended"]),
    (Role::Grants, &["ロール", "権限", "役割", "付与", "roles", "role", "grants"]),
];

/// What a row asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// 作成: there is no such account yet.
    Create,
    /// 変更: there is one.
    Change,
    /// 削除: there shall be none any more.
    Delete,
}

const OPERATIONS: &[(&str, Operation)] = &[
    ("作成", Operation::Create),
    ("追加", Operation::Create),
    ("create", Operation::Create),
    ("変更", Operation::Change),
    ("更新", Operation::Change),
    ("change", Operation::Change),
    ("update", Operation::Change),
    ("削除", Operation::Delete),
    ("delete", Operation::Delete),
];

/// How the account shall be opened. Absent from debug output.
#[derive(Clone, PartialEq, Eq)]
pub enum GivenPassword {
    /// 初期パスワード, as it was typed; which rules it must obey depends on whose it is.
    Initial(Zeroizing<String>),
    /// パスワードハッシュ, from the system that the customer comes from.
    Hashed(BcryptHash),
}

impl std::fmt::Debug for GivenPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GivenPassword(…)")
    }
}

/// An account as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// 操作; none: whatever its login id asks for.
    pub operation: Option<Operation>,
    /// ログインID.
    pub login_id: LoginId,
    /// 氏名. A new account needs one.
    pub name: Change<PersonName>,
    /// メールアドレス.
    pub mail: Change<MailAddress>,
    /// 社員番号: the employee that it belongs to.
    pub employee_number: Change<EmployeeNumber>,
    /// 初期パスワード or パスワードハッシュ.
    pub password: Option<GivenPassword>,
    /// 人事権: authority over hiring, dismissal or transfer.
    pub personnel_authority: Change<bool>,
    /// 停止.
    pub suspended: Change<bool>,
}

impl AccountRow {
    fn deletion(login_id: LoginId) -> Self {
        Self {
            operation: Some(Operation::Delete),
            login_id,
            name: Change::Keep,
            mail: Change::Keep,
            employee_number: Change::Keep,
            password: None,
            personnel_authority: Change::Keep,
            suspended: Change::Keep,
        }
    }

    /// Whether the account shall go.
    #[must_use]
    pub fn deletes(&self) -> bool {
        self.operation == Some(Operation::Delete)
    }
}

/// How a file of accounts is read.
#[derive(Debug, Clone)]
pub struct Layout {
    columns: Columns<Role>,
    options: Options,
}

impl Layout {
    /// Recognises the header, or tells all that is wrong with it.
    pub fn recognise(header: &[&str], options: Options) -> Result<Self, Vec<Fault>> {
        let required: &[(&str, &[Role])] = &[("ログインID", &[Role::LoginId])];
        let columns = Columns::recognise(header, &options, |key, _| named(NAMES, key), required)?;
        Ok(Self { columns, options })
    }

    /// What the columns mean; faults found later are placed by it.
    #[must_use]
    pub fn columns(&self) -> &Columns<Role> {
        &self.columns
    }

    /// Reads a record of `count` cells.
    #[must_use]
    pub fn parse<'r>(&'r self, count: usize, cell: impl Fn(usize) -> &'r str) -> Parsed<AccountRow> {
        if !self.columns.fits(count, &cell) {
            return Parsed::of_another_width();
        }
        let mut reader = Reader::new(&self.columns, &self.options, self.columns.translated(cell));
        let r = &mut reader;
        let operation = word(r, Role::Operation, |t| word_of(OPERATIONS, t).ok_or(FaultCode::OperationUnknown));
        r.show(Role::Operation);
        let login_id = r.required(Role::LoginId, |t| LoginId::parse(t).map_err(|_| FaultCode::LoginIdInvalid));
        if operation == Some(Operation::Delete) {
            // Whatever else it says goes with the account.
            let (faults, warnings) = (reader.faults, reader.warnings);
            let row = login_id.filter(|_| faults.is_empty()).map(AccountRow::deletion);
            return Parsed { row, faults, warnings };
        }
        let name = r.lasting(Role::Name, |t| PersonName::parse(t).map_err(|_| FaultCode::NameInvalid));
        let mail = r.optional(Role::Mail, |t| MailAddress::parse(t).map_err(|_| FaultCode::MailAddressInvalid));
        let employee_number = r
            .optional(Role::EmployeeNumber, |t| EmployeeNumber::parse(t).map_err(|_| FaultCode::EmployeeNumberInvalid));
        r.show(Role::EmployeeNumber);
        let initial = word(r, Role::InitialPassword, |t| Ok(Zeroizing::new(t.to_owned())));
        let hash = word(r, Role::PasswordHash, |t| BcryptHash::parse(t).map_err(|_| FaultCode::BcryptHashInvalid));
        if initial.is_some() && hash.is_some() {
            r.fault(FaultCode::PasswordTwice, Role::PasswordHash);
        }
        let personnel_authority = r.optional(Role::PersonnelAuthority, flag);
        let suspended = r.optional(Role::Suspended, flag);
        if r.cell(Role::Grants).is_some_and(|text| !text.is_empty()) {
            r.fault(FaultCode::GrantsNotTaken, Role::Grants);
        }
        let password = initial.map(GivenPassword::Initial).or(hash.map(GivenPassword::Hashed));
        let (faults, warnings) = (reader.faults, reader.warnings);
        let row = login_id.filter(|_| faults.is_empty()).map(|login_id| AccountRow {
            operation,
            login_id,
            name,
            mail,
            employee_number,
            password,
            personnel_authority,
            suspended,
        });
        Parsed { row, faults, warnings }
    }
}

/// What a cell says that stands for nothing stored: an empty one says nothing, whatever empty cells mean, and there is nothing to clear.
fn word<'r, T, C: Fn(usize) -> &'r str>(
    reader: &mut Reader<'_, Role, C>,
    role: Role,
    parse: impl FnOnce(&'r str) -> Result<T, FaultCode>,
) -> Option<T> {
    match reader.cell(role)? {
        "" => None,
        CLEAR => {
            reader.fault(FaultCode::CannotClear, role);
            None
        }
        _ => reader.optional(role, parse).set(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::intake::EmptyCells;

    const HEADER: &str =
        "操作,ログインID,氏名,メールアドレス,社員番号,初期パスワード,パスワードハッシュ,人事権,停止,ロール";
    const HASH: &str = "$2b$12$abcDEF012./abcDEF012./abcDEF012./abcDEF012./abcDEF012";

    fn read(row: &str, empty_cells: EmptyCells) -> Parsed<AccountRow> {
        let header: Vec<&str> = HEADER.split(',').collect();
        let cells: Vec<&str> = row.split(',').collect();
        let options = Options { empty_cells, ..Options::new(date(2026, 11, 23)) };
        Layout::recognise(&header, options).unwrap().parse(cells.len(), |at| cells[at])
    }

    fn row(text: &str) -> AccountRow {
        let parsed = read(text, EmptyCells::Keep);
        parsed.row.unwrap_or_else(|| panic!("{:?}", parsed.faults))
    }

    #[test]
    fn r01_an_account_is_read() {
        let made = row("作成,Ｔａｒｏ@Example.JP,山田 太郎,taro@example.jp,000001,,,はい,いいえ,");
        assert_eq!((made.operation, made.login_id.as_str()), (Some(Operation::Create), "taro@example.jp"));
        assert_eq!(made.name.as_set().unwrap().as_str(), "山田　太郎");
        assert_eq!(made.employee_number.as_set().unwrap().as_str(), "000001");
        assert_eq!((made.personnel_authority, made.suspended), (Change::Set(true), Change::Set(false)));
        let left = row(",taro,,,,,,,,");
        assert_eq!((left.operation, left.password, left.name), (None, None, Change::Keep));
        assert!(row("DELETE,taro,,,,,,,,").deletes());
    }

    #[test]
    fn r01_english_headers_are_understood() {
        let header = [
            "operation",
            "login_id",
            "name",
            "email",
            "employee_number",
            "initial_password",
            "password_hash",
            "personnel_authority",
            "suspended",
            "roles",
        ];
        let options = Options::new(date(2026, 11, 23));
        let english = Layout::recognise(&header, options.clone()).unwrap();
        let japanese = Layout::recognise(&HEADER.split(',').collect::<Vec<_>>(), options).unwrap();
        assert_eq!(english.columns().roles(), japanese.columns().roles());
    }

    #[test]
    fn r05_a_password_or_a_hash_is_given_and_shows_in_no_debug_output() {
        let typed = row(",taro,山田,,,Natsu-no-Umi-26,,,,");
        assert_eq!(typed.password, Some(GivenPassword::Initial(Zeroizing::new("Natsu-no-Umi-26".to_owned()))));
        assert_eq!(
            row(&format!(",taro,山田,,,,{HASH},,,")).password,
            BcryptHash::parse(HASH).ok().map(GivenPassword::Hashed)
        );
        assert!(!format!("{typed:?}").contains("Natsu"), "{typed:?}");
    }

    #[test]
    fn r01_every_fault_is_told_and_nothing_personal_shown() {
        let text = format!("廃止,太郎,山田\u{0},a@b,1.2E+10,x,{HASH},多分,?,人事");
        let parsed = read(&text, EmptyCells::Keep);
        let codes: Vec<_> = parsed.faults.iter().map(|fault| fault.code).collect();
        assert_eq!(
            codes,
            [
                FaultCode::OperationUnknown,
                FaultCode::LoginIdInvalid,
                FaultCode::NameInvalid,
                FaultCode::MailAddressInvalid,
                FaultCode::EmployeeNumberInvalid,
                FaultCode::PasswordTwice,
                FaultCode::FlagInvalid,
                FaultCode::FlagInvalid,
                FaultCode::GrantsNotTaken,
            ]
        );
        let shown: Vec<_> = parsed.faults.iter().filter_map(|fault| fault.shown.as_deref()).collect();
        assert_eq!(shown, ["廃止", "1.2E+10"]);
    }

    #[test]
    fn empty_cells_clear_what_can_go_and_say_nothing_of_passwords() {
        let cleared = read(",taro,山田,,,,,,,", EmptyCells::Clear).row.unwrap();
        assert_eq!((cleared.mail, cleared.suspended, cleared.password), (Change::Clear, Change::Clear, None));
        let codes = |text, empty| read(text, empty).faults.iter().map(|fault| fault.code).collect::<Vec<_>>();
        assert_eq!(codes(",taro,,,,,,,,", EmptyCells::Clear), [FaultCode::Required]);
        assert_eq!(codes("削除,taro,,,,,,,,", EmptyCells::Clear), [], "a deletion says nothing but whose");
        assert_eq!(codes(",taro,,,,__CLEAR__,,,,", EmptyCells::Keep), [FaultCode::CannotClear]);
    }
}
