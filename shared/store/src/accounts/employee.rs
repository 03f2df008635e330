//! An account follows its employee: from the end of their last day (24:00 in Japan) on it is suspended, and when they come back it is what it was. Nothing
//! has to run for that: the account carries the day, whatever writes the employee's last day writes it there in the same transaction, and whoever reads the
//! account's state says for when.

use authz::AccountState;
use domain::{
    ids::{AccountId, EmployeeId, TenantId},
    time::Jst,
};
use jiff::civil::Date;

use crate::{
    Conflict, Error, Store, Write,
    accounts::{Account, OfEmployee, SCHEMA, employee_key},
    employees::{self, Employee},
    item::{Attributes, Stored, number},
};

impl Account {
    /// Whether its employee's last day is over.
    #[must_use]
    pub fn has_left(&self, now: Jst) -> bool {
        self.employee_left_on.is_some_and(|day| now >= Jst::end_of(day))
    }

    /// Where it is in its life at `now`.
    #[must_use]
    pub fn state_at(&self, now: Jst) -> AccountState {
        if self.has_left(now) { AccountState::Suspended } else { self.state }
    }

    /// The same account, whose employee has this last day, or none. Sessions that a last day had ended do not come back with the employee.
    fn with_last_day(&self, last_day: Option<Date>, now: Jst) -> Self {
        let mut account = Self { employee_left_on: last_day, ..self.clone() };
        account.epoch += u64::from(self.has_left(now) && !account.has_left(now));
        account
    }
}

impl Store {
    /// Adds to `write` that an account belongs to an employee, as they were read: no other account does, and their last day is the one that the account carries.
    pub(crate) fn bind_employee(
        &self,
        write: &mut Write,
        tenant: TenantId,
        account: AccountId,
        employee: &Stored<Employee>,
    ) -> Result<(), Error> {
        let id = employee.record.id;
        let values = Attributes::from([(":version".to_owned(), number(employee.version))]);
        write.check(self, employees::key(tenant, id), "version = :version", values, || {
            Error::Unavailable("an employee changed while their account was made".to_owned())
        })?;
        write.create(self, employee_key(tenant, id), SCHEMA, &OfEmployee { account }, || {
            Conflict::AccountExists.into()
        })?;
        Ok(())
    }

    /// The account of an employee, if there is one.
    pub(crate) async fn account_of_employee(
        &self,
        tenant: TenantId,
        employee: EmployeeId,
    ) -> Result<Option<AccountId>, Error> {
        let mark: Option<Stored<OfEmployee>> = self.load(&employee_key(tenant, employee)).await?;
        Ok(mark.map(|mark| mark.record.account))
    }

    /// Adds to `write`, which changes an employee's last day, the same change of their account, and answers which one that is. Whoever has no account has none
    /// when it happens: an account that is made at the same time finds the employee changed, or is found here.
    pub(crate) async fn follow_employee(
        &self,
        write: &mut Write,
        tenant: TenantId,
        employee: EmployeeId,
        last_day: Option<Date>,
    ) -> Result<Option<AccountId>, Error> {
        let (mark, now) = (employee_key(tenant, employee), self.clock.now());
        let Some(Stored { record: OfEmployee { account }, .. }) = self.load(&mark).await? else {
            write.check(self, mark, "attribute_not_exists(pk)", Attributes::new(), || Error::Stale)?;
            return Ok(None);
        };
        let before = self.load_account(tenant, account).await?.ok_or(Error::Stale)?;
        let after = before.record.with_last_day(last_day, now);
        self.replace_account(write, tenant, &before, &after)?;
        Ok(Some(account))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Jst {
        text.parse().unwrap()
    }

    fn account(state: AccountState) -> Account {
        Account {
            state,
            employee: Some(EmployeeId::from_bytes([2; 16])),
            employee_left_on: Some(date(2026, 3, 31)),
            epoch: 3,
            ..Account::sample()
        }
    }

    #[test]
    fn r01_the_last_day_counts_to_its_last_moment_in_japan() {
        for state in [AccountState::Active, AccountState::Invited] {
            assert_eq!(account(state).state_at(at("2026-03-31T23:59:59.999+09:00")), state);
            assert_eq!(account(state).state_at(at("2026-04-01T00:00:00+09:00")), AccountState::Suspended);
        }
        assert_eq!(account(AccountState::Suspended).state_at(at("2026-03-01T00:00:00Z")), AccountState::Suspended);
    }

    #[test]
    fn r01_whoever_comes_back_has_the_account_as_it_was_and_none_of_its_sessions() {
        let left = at("2026-04-02T09:00:00+09:00");
        for state in [AccountState::Active, AccountState::Invited, AccountState::Suspended] {
            let back = account(state).with_last_day(None, left);
            assert_eq!((back.state_at(left), back.epoch), (state, 4));
        }
        let corrected = account(AccountState::Active).with_last_day(Some(date(2026, 4, 30)), left);
        assert_eq!((corrected.state_at(left), corrected.epoch), (AccountState::Active, 4));
        let in_time = at("2026-03-30T09:00:00+09:00");
        assert_eq!(account(AccountState::Active).with_last_day(None, in_time).epoch, 3, "nothing had ended");
    }
}
