//! One employee registered, changed, retired, labelled or deleted by hand.

use std::collections::BTreeSet;

use authz::{
    Permit, Placement, Reach,
    permission::{DeleteEmployees, ManageEmployees},
};
use domain::{
    checkup::hazard::Hazards,
    employee::{
        BirthDate, EmployeeNumber, EmploymentState, EmploymentType, JobTitle, Kana, MailAddress, PersonName, Sex,
    },
    ids::{AccountId, DepartmentId, EmployeeId, LabelId, TenantId, WorkplaceId},
};
use jiff::civil::Date;

use super::{PersonContent, WholeEmployee, content::Next, key, number_key, person_key};
use crate::{
    Conflict, Error, Prepared, Store, Write, accounts,
    item::Attributes,
    organisation::{Department, Label, Workplace},
};

/// What shall be different about an employee; `Some(None)` takes a value away.
#[derive(Debug, Clone, Default)]
pub struct EmployeeChange {
    /// 社員番号.
    pub number: Option<EmployeeNumber>,
    /// 氏名.
    pub name: Option<PersonName>,
    /// フリガナ.
    pub kana: Option<Kana>,
    /// メールアドレス.
    pub mail: Option<Option<MailAddress>>,
    /// 生年月日.
    pub birth_date: Option<BirthDate>,
    /// 性別.
    pub sex: Option<Sex>,
    /// 入社年月日.
    pub hired_on: Option<Date>,
    /// 退職年月日.
    pub left_on: Option<Option<Date>>,
    /// 事業場.
    pub workplace: Option<Option<WorkplaceId>>,
    /// 部署.
    pub department: Option<Option<DepartmentId>>,
    /// Since when or from when on they stand there (適用日); today if nothing is said.
    pub effective_on: Option<Date>,
    /// 役職.
    pub job_title: Option<Option<JobTitle>>,
    /// 職種.
    pub occupation: Option<Option<JobTitle>>,
    /// 雇用形態.
    pub employment_type: Option<EmploymentType>,
    /// 在籍区分. Whoever was retired and is not any more has come back: the day on which they left goes.
    pub state: Option<EmploymentState>,
    /// 管理監督者.
    pub manager: Option<bool>,
    /// 人事権.
    pub personnel_authority: Option<bool>,
    /// 深夜業.
    pub night_work: Option<bool>,
    /// 有害業務: the whole history.
    pub hazards: Option<Hazards>,
}

impl EmployeeChange {
    fn apply(self, was: &PersonContent) -> PersonContent {
        let was = was.clone();
        let state = self.state.unwrap_or(was.state);
        let came_back = was.state == EmploymentState::Retired && state != EmploymentState::Retired;
        PersonContent {
            number: self.number.unwrap_or(was.number),
            name: self.name.unwrap_or(was.name),
            kana: self.kana.unwrap_or(was.kana),
            mail: self.mail.unwrap_or(was.mail),
            birth_date: self.birth_date.unwrap_or(was.birth_date),
            sex: self.sex.unwrap_or(was.sex),
            hired_on: self.hired_on.unwrap_or(was.hired_on),
            left_on: self.left_on.unwrap_or(was.left_on.filter(|_| !came_back)),
            workplace: self.workplace.unwrap_or(was.workplace),
            department: self.department.unwrap_or(was.department),
            job_title: self.job_title.unwrap_or(was.job_title),
            occupation: self.occupation.unwrap_or(was.occupation),
            employment_type: self.employment_type.unwrap_or(was.employment_type),
            state,
            manager: self.manager.unwrap_or(was.manager),
            personnel_authority: self.personnel_authority.unwrap_or(was.personnel_authority),
            night_work: self.night_work.unwrap_or(was.night_work),
            hazards: self.hazards.unwrap_or(was.hazards),
        }
    }
}

impl Store {
    /// Registers an employee, within the permit's reach. Their workplace, department and labels must exist, their number must be free.
    pub async fn create_employee(
        &self,
        permit: &Permit<ManageEmployees>,
        content: &PersonContent,
        labels: &BTreeSet<LabelId>,
        effective_on: Option<Date>,
    ) -> Result<Prepared<WholeEmployee>, Error> {
        let id: EmployeeId = self.new_id()?;
        let placement = placement(id, content, labels);
        may_stand(permit.reach(), &placement)?;
        let mut write = Write::new();
        let next = Next {
            id,
            existing: None,
            old_number: None,
            content,
            labels,
            effective_on,
            placements: None,
            imported_by: None,
        };
        let (whole, _) = self.write_by_hand(&mut write, permit.tenant(), None, &placement, next).await?;
        let event = self.event(permit, "employee.create")?.on(id);
        Ok(Prepared { thing: whole, write, event })
    }

    /// Changes an employee. Whoever moves somebody must reach them there, too.
    pub async fn change_employee(
        &self,
        permit: &Permit<ManageEmployees>,
        id: EmployeeId,
        version: u64,
        change: EmployeeChange,
    ) -> Result<Prepared<WholeEmployee>, Error> {
        let whole = self.managed(permit, id).await?;
        let effective_on = change.effective_on;
        // What is not said of a day to come is what is planned for it.
        let day = effective_on.map_or(self.today(), |day| day.max(self.today()));
        let content = change.apply(&whole.content(day));
        self.rewritten(permit, &whole, version, &content, None, effective_on, "employee.change").await
    }

    /// Replaces an employee's labels.
    pub async fn label_employee(
        &self,
        permit: &Permit<ManageEmployees>,
        id: EmployeeId,
        version: u64,
        labels: &BTreeSet<LabelId>,
    ) -> Result<Prepared<WholeEmployee>, Error> {
        let whole = self.managed(permit, id).await?;
        let content = whole.content(self.today());
        self.rewritten(permit, &whole, version, &content, Some(labels), None, "employee.label").await
    }

    /// Notes that an employee leaves (退職) on a day, at whose end their account is suspended.
    pub async fn retire_employee(
        &self,
        permit: &Permit<ManageEmployees>,
        id: EmployeeId,
        left_on: Date,
    ) -> Result<Prepared<WholeEmployee>, Error> {
        let whole = self.managed(permit, id).await?;
        if whole.employee.record.state == EmploymentState::Retired {
            return Err(Conflict::WrongState.into());
        }
        let stays = whole.content(self.today());
        let content = PersonContent { state: EmploymentState::Retired, left_on: Some(left_on), ..stays };
        let version = whole.employee.version;
        self.rewritten(permit, &whole, version, &content, None, None, "employee.retire").await
    }

    /// Deletes an employee who was registered by mistake. Whoever has a checkup is under its retention, whoever has other records stays, and whoever has an account has that deleted
    /// first.
    ///
    /// A checkup that is recorded in the moment between the look and the delete keeps its own items and its retention; it is no one's any more. Recording holds that its
    /// employee exists, so that nothing can be recorded afterwards.
    pub async fn delete_employee(
        &self,
        permit: &Permit<DeleteEmployees>,
        id: EmployeeId,
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        let tenant = permit.tenant();
        let whole = self.load_whole(tenant, id).await?.ok_or(Error::NotFound)?;
        if !permit.reach().covers(&whole.placement) {
            return Err(Error::NotFound);
        }
        let mut write = Write::new();
        self.unregister(&mut write, tenant, id, version, &whole.attributes.number).await?;
        let event = self.event(permit, "employee.delete")?.on(id);
        Ok(Prepared { thing: (), write, event })
    }

    /// Adds the end of somebody's record to `write`, where nothing rests on it.
    pub(super) async fn unregister(
        &self,
        write: &mut Write,
        tenant: TenantId,
        id: EmployeeId,
        version: u64,
        number: &EmployeeNumber,
    ) -> Result<(), Error> {
        self.without_checkups(tenant, id).await?;
        self.without_records(tenant, id).await?;
        let lookup = self.lookup(tenant).await?;
        write.delete(self, key(tenant, id), Some(version))?;
        write.delete(self, person_key(tenant, id), None)?;
        write.delete(self, number_key(tenant, &lookup, number), None)?;
        let account = accounts::employee_key(tenant, id);
        let none = "attribute_not_exists(pk)";
        write.check(self, account, none, Attributes::new(), || Conflict::InUse.into())?;
        Ok(())
    }

    async fn managed(&self, permit: &Permit<ManageEmployees>, id: EmployeeId) -> Result<WholeEmployee, Error> {
        let whole = self.load_whole(permit.tenant(), id).await?.ok_or(Error::NotFound)?;
        if permit.reach().covers(&whole.placement) { Ok(whole) } else { Err(Error::NotFound) }
    }

    #[expect(clippy::too_many_arguments, reason = "what is different about an employee, each once")]
    async fn rewritten(
        &self,
        permit: &Permit<ManageEmployees>,
        was: &WholeEmployee,
        version: u64,
        content: &PersonContent,
        labels: Option<&BTreeSet<LabelId>>,
        effective_on: Option<Date>,
        action: &str,
    ) -> Result<Prepared<WholeEmployee>, Error> {
        let before = &was.employee.record;
        let (id, labels) = (before.id, labels.unwrap_or(&before.labels));
        if !content.has_good_dates() {
            return Err(Conflict::LeftBeforeHired.into());
        }
        let after = placement(id, content, labels);
        may_stand(permit.reach(), &after)?;
        let mut write = Write::new();
        let next = Next {
            id,
            existing: Some((&was.employee, version)),
            old_number: Some(&was.attributes.number),
            content,
            labels,
            effective_on,
            placements: None,
            imported_by: None,
        };
        let (whole, account) =
            self.write_by_hand(&mut write, permit.tenant(), Some(&was.placement), &after, next).await?;
        let event = self.event(permit, action)?.on(id).on_all(account);
        Ok(Prepared { thing: whole, write, event })
    }

    /// The items of an employee, and the counts of where they are newly placed: what they are placed in exists, and is not deleted at this moment.
    async fn write_by_hand(
        &self,
        write: &mut Write,
        tenant: TenantId,
        before: Option<&Placement>,
        after: &Placement,
        next: Next<'_>,
    ) -> Result<(WholeEmployee, Option<AccountId>), Error> {
        let written = self.put_employee(write, tenant, next).await?;
        if let Some(workplace) = after.workplace
            && before.is_none_or(|before| before.workplace != after.workplace)
        {
            self.count_placed::<Workplace>(write, tenant, workplace)?;
        }
        if let Some(department) = after.department
            && before.is_none_or(|before| before.department != after.department)
        {
            self.count_placed::<Department>(write, tenant, department)?;
        }
        for label in &after.labels {
            if before.is_none_or(|before| !before.labels.contains(label)) {
                self.count_placed::<Label>(write, tenant, *label)?;
            }
        }
        Ok(written)
    }
}

impl WholeEmployee {
    /// All that a customer registers about them, as it holds on `day`.
    fn content(&self, day: Date) -> PersonContent {
        PersonContent::of(&self.employee.record, &self.attributes, &self.person, day)
    }
}

fn placement(employee: EmployeeId, content: &PersonContent, labels: &BTreeSet<LabelId>) -> Placement {
    Placement { employee, workplace: content.workplace, department: content.department, labels: labels.clone() }
}

/// What the holder of a permit does not reach does not exist for them, and so nobody is placed there.
fn may_stand(reach: &Reach, placement: &Placement) -> Result<(), Error> {
    if reach.covers(placement) { Ok(()) } else { Err(Conflict::MissingReference.into()) }
}
