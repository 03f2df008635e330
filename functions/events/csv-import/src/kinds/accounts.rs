//! Accounts by file: one row is one account, found by its login id, and one transaction. Passwords are judged by the check and hashed by the application.

use std::collections::BTreeSet;

use authz::ImportRight;
use domain::{
    account::{
        TenantCode,
        password::{PasswordBar, STANDARD},
    },
    employee::EmployeeNumber,
    ids::{AccountId, EmployeeId, ImportId},
    intake::{
        Change, Fault, FaultCode,
        accounts::{AccountRow, GivenPassword, Layout, Operation, Role},
    },
};
use futures_util::future::try_join_all;
use store::{AccountRefused, Conflict, Error, Import, RegisteredAccount, RowApplied, Store};

use super::{Applied, Held, LOOKED_UP, Planned, Row, registered};

/// What rows are held against beside the accounts that there are.
#[derive(Debug)]
pub(super) struct Register {
    import: ImportId,
    may_delete: bool,
    code: TenantCode,
    /// Whom rows before this one name.
    named: BTreeSet<EmployeeNumber>,
}

/// The employee that a row names.
#[derive(Debug, Clone, Copy)]
enum Named {
    /// None.
    Nobody,
    /// One whom nobody knows.
    Unknown,
    /// This one.
    Known(EmployeeId),
}

impl Named {
    fn id(self) -> Option<EmployeeId> {
        if let Self::Known(id) = self { Some(id) } else { None }
    }
}

/// A row with what is registered already.
struct Found<'a> {
    row: &'a AccountRow,
    known: Option<RegisteredAccount>,
    named: Named,
    /// The account that the employee has.
    of_employee: Option<AccountId>,
}

impl Register {
    pub(super) async fn open(store: &Store, right: &ImportRight, import: &Import) -> Result<Self, Error> {
        let code = store.code_for_import(right).await?;
        Ok(Self { import: import.id, may_delete: import.options.allow_deletions, code, named: BTreeSet::new() })
    }

    pub(super) async fn check(
        &mut self,
        store: &Store,
        right: &ImportRight,
        layout: &Layout,
        rows: &[(u64, &Row)],
    ) -> Result<Vec<Held>, Error> {
        let rows: Vec<&AccountRow> = rows.iter().filter_map(|(_, row)| of(row)).collect();
        let found = try_join_all(rows.chunks(LOOKED_UP).map(|rows| found(store, right, rows))).await?;
        let mut held = Vec::with_capacity(rows.len());
        for found in found.into_iter().flatten() {
            held.push(self.hold(store, right, layout, &found).await?);
        }
        Ok(held)
    }

    async fn hold(
        &mut self,
        store: &Store,
        right: &ImportRight,
        layout: &Layout,
        found: &Found<'_>,
    ) -> Result<Held, Error> {
        let fault = |code, role| layout.columns().fault(code, role);
        let Found { row, known, .. } = found;
        let mut held = Held { version: known.as_ref().map_or(0, |known| known.account.version), ..Held::default() };
        if row.deletes() && !self.may_delete {
            held.faults.push(fault(FaultCode::DeletionNotAllowed, Role::Operation));
        }
        let Some(known) = known else {
            if row.operation == Some(Operation::Change) {
                held.faults.push(fault(FaultCode::LoginUnknown, Role::LoginId));
            } else if row.deletes() {
                // An import that is taken up again may have deleted it itself.
                let gone = store.was_deleted_by(right, self.import, &row.login_id).await?;
                held.faults.extend(gone.is_none().then(|| fault(FaultCode::LoginUnknown, Role::LoginId)));
            } else {
                held.faults.extend(lacking(row).map(|(code, role)| fault(code, role)));
                held.faults.extend(self.hold_employee(layout, found));
                held.faults.extend(self.hold_password(layout, row, PasswordBar::Employee));
            }
            return Ok(held);
        };
        let account = &known.account.record;
        if account.imported_by == Some(self.import) {
            // So may it have written it.
            return Ok(held);
        }
        if row.operation == Some(Operation::Create) {
            held.faults.push(fault(FaultCode::LoginTaken, Role::LoginId));
        }
        if right.actor().account() == Some(account.id)
            && (row.deletes() || store.is_changed_by(right, known, row, found.named.id()).await?)
        {
            held.faults.push(fault(FaultCode::OwnAccount, Role::LoginId));
        }
        if row.personnel_authority == Change::Set(true)
            && account.grants.iter().any(|grant| grant.role.barred_by_personnel_authority())
        {
            held.faults.push(fault(FaultCode::PersonnelAuthority, Role::PersonnelAuthority));
        }
        if matches!(row.password, Some(GivenPassword::Hashed(_))) {
            held.faults.push(fault(FaultCode::HashPassedOver, Role::PasswordHash));
        }
        held.faults.extend(self.hold_employee(layout, found));
        let bar = if account.is_privileged() { PasswordBar::Privileged } else { PasswordBar::Employee };
        held.faults.extend(self.hold_password(layout, row, bar));
        Ok(held)
    }

    /// The employee exists, has no other account, neither before nor by this file, and the account is no other employee's.
    fn hold_employee(&mut self, layout: &Layout, found: &Found<'_>) -> Option<Fault> {
        let account = found.known.as_ref().map(|known| &known.account.record);
        let fault = |code| Some(layout.columns().fault(code, Role::EmployeeNumber));
        let number = match &found.row.employee_number {
            Change::Keep => return None,
            Change::Clear => return account?.employee.and_then(|_| fault(FaultCode::CannotClear)),
            Change::Set(number) => number,
        };
        if !self.named.insert(number.clone()) {
            return fault(FaultCode::DuplicateInFile);
        }
        let Named::Known(employee) = found.named else {
            return fault(FaultCode::UnknownEmployee).map(|fault| fault.showing(number.as_str()));
        };
        if account.and_then(|account| account.employee).is_some_and(|of| of != employee) {
            return fault(FaultCode::AccountOfAnother);
        }
        if found.of_employee.is_some() && found.of_employee != account.map(|account| account.id) {
            return fault(FaultCode::EmployeeHasAccount);
        }
        None
    }

    /// Every rule that an initial password breaks.
    fn hold_password(&self, layout: &Layout, row: &AccountRow, bar: PasswordBar) -> Vec<Fault> {
        let Some(GivenPassword::Initial(typed)) = &row.password else { return Vec::new() };
        let broken = STANDARD.check(typed, bar, &row.login_id, &self.code).err().unwrap_or_default();
        broken.into_iter().map(|rule| layout.columns().fault(rule.into(), Role::InitialPassword)).collect()
    }
}

pub(super) async fn apply(
    store: &Store,
    right: &ImportRight,
    import: &Import,
    group: &[Planned],
) -> Result<Vec<(u64, Applied)>, Error> {
    let mut applied = Vec::with_capacity(group.len());
    for planned in group {
        let Some(row) = of(&planned.row) else { continue };
        applied.push((planned.number, apply_row(store, right, import, row, planned.version).await?));
    }
    Ok(applied)
}

async fn apply_row(
    store: &Store,
    right: &ImportRight,
    import: &Import,
    row: &AccountRow,
    version: u64,
) -> Result<Applied, Error> {
    let named = named(store, right, &[row]).await?;
    let employee = match named.as_slice() {
        [Named::Unknown] => return Ok(Applied::Conflict(FaultCode::UnknownEmployee)),
        [named] => named.id(),
        _ => None,
    };
    let code = match store.import_account(right, import, row, employee, version).await {
        Ok(Ok(RowApplied::Created(id) | RowApplied::Updated(id))) => {
            return Ok(Applied::Written(id.to_string(), None));
        }
        Ok(Ok(RowApplied::Unchanged(_))) => return Ok(Applied::Unchanged),
        Ok(Ok(RowApplied::Conflict) | Err(AccountRefused::Grants(_))) => FaultCode::ChangedMeanwhile,
        Ok(Err(AccountRefused::Password(broken))) => {
            broken.first().map_or(FaultCode::ChangedMeanwhile, |rule| (*rule).into())
        }
        Ok(Err(AccountRefused::UnknownEmployee)) | Err(Error::Conflict(Conflict::MissingReference)) => {
            FaultCode::UnknownEmployee
        }
        Ok(Err(AccountRefused::NoMail)) => FaultCode::MailNeeded,
        Err(Error::Conflict(Conflict::LoginTaken)) => FaultCode::LoginTaken,
        Err(Error::Conflict(Conflict::AccountExists)) => FaultCode::EmployeeHasAccount,
        Err(Error::Conflict(Conflict::PersonnelAuthority)) => FaultCode::PersonnelAuthority,
        Err(Error::Conflict(Conflict::LastAdministrator)) => FaultCode::LastAdministrator,
        Err(error) => return Err(error),
    };
    Ok(Applied::Conflict(code))
}

/// Where a row's fault stands that is found when it is applied.
pub(super) fn conflict(layout: &Layout, code: FaultCode) -> Fault {
    let role = match code {
        FaultCode::LoginTaken => Role::LoginId,
        FaultCode::UnknownEmployee | FaultCode::EmployeeHasAccount => Role::EmployeeNumber,
        FaultCode::MailNeeded => Role::Mail,
        FaultCode::PersonnelAuthority => Role::PersonnelAuthority,
        FaultCode::PasswordUsedBefore | FaultCode::PasswordTooShort => Role::InitialPassword,
        _ => return Fault::new(code),
    };
    layout.columns().fault(code, role)
}

/// What a row lacks for an account that is not there yet, or says of it too early.
fn lacking(row: &AccountRow) -> impl Iterator<Item = (FaultCode, Role)> {
    let lacks_mail = row.password.is_none() && row.mail.as_set().is_none();
    [
        (row.name.as_set().is_none(), FaultCode::Required, Role::Name),
        (lacks_mail, FaultCode::MailNeeded, Role::Mail),
        (row.suspended == Change::Set(true), FaultCode::CreatedSuspended, Role::Suspended),
    ]
    .into_iter()
    .filter_map(|(lacks, code, role)| lacks.then_some((code, role)))
}

async fn found<'a>(store: &Store, right: &ImportRight, rows: &[&'a AccountRow]) -> Result<Vec<Found<'a>>, Error> {
    let logins: Vec<_> = rows.iter().map(|row| row.login_id.clone()).collect();
    let known = store.registered_accounts(right, &logins).await?;
    let named = named(store, right, rows).await?;
    let ids: Vec<EmployeeId> = named.iter().filter_map(|named| named.id()).collect();
    let mut accounts = store.accounts_of(right, &ids).await?.into_iter();
    let rows = rows.iter().zip(known).zip(named);
    Ok(rows
        .map(|((row, known), named)| {
            let of_employee = named.id().and_then(|_| accounts.next().flatten());
            Found { row, known, named, of_employee }
        })
        .collect())
}

/// The employees that rows name, in their order.
async fn named(store: &Store, right: &ImportRight, rows: &[&AccountRow]) -> Result<Vec<Named>, Error> {
    let numbers = rows.iter().filter_map(|row| row.employee_number.as_set());
    let mut employees = registered(store, right, numbers).await?.into_iter();
    let named = |row: &&AccountRow| {
        if row.employee_number.as_set().is_none() {
            return Named::Nobody;
        }
        employees.next().flatten().map_or(Named::Unknown, |known| Named::Known(known.employee.record.id))
    };
    Ok(rows.iter().map(named).collect())
}

fn of(row: &Row) -> Option<&AccountRow> {
    if let Row::Account(row) = row { Some(row) } else { None }
}
