//! What a decision leaves behind: who acts, for which tenant, and whose data they reach.

use std::{collections::BTreeSet, marker::PhantomData, net::IpAddr, sync::Arc};

use domain::organisation::Tree;
use enumset::EnumSet;

use crate::{
    decision::Denied,
    ids::{
        AccountId, ClientId, DepartmentId, EmployeeId, ImportId, LabelId, SessionId, StressRoundId, TenantId,
        WorkplaceId,
    },
    imports::{ImportKind, ImportRight},
    matrix::{Permission, PermissionId, Row},
    role::{Role, Scope},
};

/// From where a request came; goes into the audit trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The caller's address as API Gateway saw it, never as a header claims.
    pub address: Option<IpAddr>,
    /// The id of the request or of the invocation.
    pub request_id: String,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who is signed in.
    Account {
        /// The account.
        account: AccountId,
        /// The session.
        session: SessionId,
        /// The roles that count for this request.
        roles: EnumSet<Role>,
        /// From where.
        origin: Origin,
    },
    /// A customer's program.
    Program {
        /// Which.
        client: ClientId,
        /// From where.
        origin: Origin,
    },
    /// Somebody at a shared terminal (共用端末), who has no account there.
    Kiosk {
        /// Who they showed that they are.
        employee: EmployeeId,
        /// The one round that they answer there.
        round: StressRoundId,
        /// From where.
        origin: Origin,
    },
    /// Somebody who is signing in, and may be anybody.
    Applicant {
        /// From where.
        origin: Origin,
    },
    /// Nobody: the service itself.
    Job {
        /// What runs.
        job: Job,
        /// For whom, where the job goes on with what somebody began.
        on_behalf_of: Option<OnBehalf>,
        /// Which invocation.
        origin: Origin,
    },
}

/// Whose act a job goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBehalf {
    /// An account's.
    Account(AccountId),
    /// A program's.
    Program(ClientId),
}

impl Actor {
    fn on_behalf(&self) -> Option<OnBehalf> {
        match self {
            Self::Account { account, .. } => Some(OnBehalf::Account(*account)),
            Self::Program { client, .. } => Some(OnBehalf::Program(*client)),
            Self::Job { on_behalf_of, .. } => *on_behalf_of,
            Self::Kiosk { .. } | Self::Applicant { .. } => None,
        }
    }

    /// The account that acts, or that a job acts for.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.on_behalf().and_then(|who| if let OnBehalf::Account(account) = who { Some(account) } else { None })
    }

    /// The program that acts, or that a job acts for.
    #[must_use]
    pub fn client(&self) -> Option<ClientId> {
        self.on_behalf().and_then(|who| if let OnBehalf::Program(client) = who { Some(client) } else { None })
    }

    /// The id of the account or the program: what is kept for one caller alone is kept under it.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        self.on_behalf().map(|who| match who {
            OnBehalf::Account(account) => account.to_string(),
            OnBehalf::Program(client) => client.to_string(),
        })
    }

    /// From where.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Account { origin, .. }
            | Self::Program { origin, .. }
            | Self::Kiosk { origin, .. }
            | Self::Applicant { origin }
            | Self::Job { origin, .. } => origin,
        }
    }
}

/// What runs without being called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// An import goes on with a file.
    Import(ImportId),
    /// Mail leaves the outbox.
    MailDelivery,
    /// Terminated tenants are purged.
    RetentionPurge,
    /// A restored table is opened.
    BackupDrill,
    /// A tenant is being set up by an operator.
    Onboarding,
    /// The keys that sign tokens are changed.
    KeyRotation,
    /// Files of released logs are made.
    LogWriter,
    /// Files of exports and disclosures are made.
    ExportWriter,
    /// A synthetic customer looks whether the service is there.
    Canary,
    /// Events of the trail are copied.
    AuditArchive,
    /// The trail's days are sealed.
    AuditDigest,
    /// A notice goes to many.
    NoticeFanOut,
    /// Operators are reminded of deadlines.
    Reminders,
    /// Days are closed, and points granted.
    PointsClose,
    /// The figures of dashboards are counted.
    Rollup,
    /// Stored checkups are judged once more.
    CriteriaRejudge,
}

impl Job {
    /// The name in the audit trail.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Import(_) => "csv-import",
            Self::MailDelivery => "mail-delivery",
            Self::RetentionPurge => "retention-purge",
            Self::BackupDrill => "backup-drill",
            Self::Onboarding => "onboarding",
            Self::KeyRotation => "key-rotation",
            Self::LogWriter => "log-writer",
            Self::ExportWriter => "export-writer",
            Self::Canary => "canary",
            Self::AuditArchive => "audit-archive",
            Self::AuditDigest => "audit-digest",
            Self::NoticeFanOut => "notice-fan-out",
            Self::Reminders => "reminders",
            Self::PointsClose => "points-close",
            Self::Rollup => "rollup",
            Self::CriteriaRejudge => "criteria-rejudge",
        }
    }
}

/// Where an employee stands: what scopes are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The employee.
    pub employee: EmployeeId,
    /// Their workplace (事業場), if any.
    pub workplace: Option<WorkplaceId>,
    /// Their department (部署), if any.
    pub department: Option<DepartmentId>,
    /// Their labels.
    pub labels: BTreeSet<LabelId>,
}

/// Whose data may be reached: the union of the scopes that count, and oneself.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    everybody: bool,
    oneself: Option<EmployeeId>,
    workplaces: BTreeSet<WorkplaceId>,
    departments: BTreeSet<DepartmentId>,
    labels: BTreeSet<LabelId>,
    tree: Option<Arc<Tree>>,
}

impl Reach {
    pub(crate) fn everybody() -> Self {
        Self { everybody: true, ..Self::default() }
    }

    /// One employee, by themselves.
    pub(crate) fn oneself(employee: EmployeeId) -> Self {
        Self { oneself: Some(employee), ..Self::default() }
    }

    pub(crate) fn add_oneself(&mut self, employee: Option<EmployeeId>) {
        self.oneself = self.oneself.or(employee);
    }

    pub(crate) fn add(&mut self, scope: &Scope, tree: Option<&Arc<Tree>>) {
        match scope {
            Scope::Tenant => self.everybody = true,
            Scope::Parts { workplaces, departments, labels } => {
                self.workplaces.extend(workplaces);
                self.departments.extend(departments);
                self.labels.extend(labels);
                if self.tree.is_none() {
                    self.tree = tree.cloned();
                }
            }
        }
    }

    /// Whether it is the whole tenant.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        self.everybody
    }

    /// Whether it is all that `row` is about: the whole tenant, or oneself where it is about nobody else.
    pub(crate) fn is_whole(&self, row: &Row) -> bool {
        self.everybody || row.is_about_the_account()
    }

    /// Whether it reaches nobody.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        !self.reaches_others() && self.oneself.is_none()
    }

    /// Whether this employee is the holder: what somebody shares with nobody is theirs all the same.
    #[must_use]
    pub fn is_oneself(&self, employee: EmployeeId) -> bool {
        self.oneself == Some(employee)
    }

    /// The one employee that it is, if it is oneself alone.
    #[must_use]
    pub fn only_oneself(&self) -> Option<EmployeeId> {
        if self.reaches_others() { None } else { self.oneself }
    }

    fn reaches_others(&self) -> bool {
        self.everybody || !self.workplaces.is_empty() || !self.departments.is_empty() || !self.labels.is_empty()
    }

    /// Whether somebody at `placement` is within it. Without the department tree a department reaches itself alone, and a label those who carry it
    /// themselves: less, never more.
    #[must_use]
    pub fn covers(&self, placement: &Placement) -> bool {
        self.everybody
            || self.oneself == Some(placement.employee)
            || placement.workplace.is_some_and(|workplace| self.workplaces.contains(&workplace))
            || placement.department.is_some_and(|department| self.covers_department(department))
            || placement.labels.iter().any(|label| self.labels.contains(label))
    }

    /// Whether somebody is within it by their department: one that is named, one below it, or one that a label holds for.
    fn covers_department(&self, department: DepartmentId) -> bool {
        self.departments.contains(&department)
            || self.tree.as_deref().is_some_and(|tree| {
                tree.with_ancestors(department).any(|above| self.departments.contains(&above))
                    || tree.labels(department).any(|label| self.labels.contains(&label))
            })
    }
}

/// The key to the store: permission `P`, for one tenant, with a reach. Whoever holds one has been decided upon.
#[derive(Debug)]
pub struct Permit<P> {
    tenant: TenantId,
    actor: Actor,
    reach: Reach,
    columns: Vec<(PermissionId, Reach)>,
    through_broken_glass: bool,
    permission: PhantomData<fn() -> P>,
}

impl<P: Permission> Permit<P> {
    pub(crate) fn granted(tenant: TenantId, actor: Actor, reach: Reach, columns: Vec<(PermissionId, Reach)>) -> Self {
        Self { tenant, actor, reach, columns, through_broken_glass: false, permission: PhantomData }
    }

    /// The permit of an operator who has broken the glass in `tenant`: everybody, and no columns.
    pub(crate) fn through_broken_glass(tenant: TenantId, actor: Actor) -> Self {
        Self { through_broken_glass: true, ..Self::granted(tenant, actor, Reach::everybody(), Vec::new()) }
    }

    /// The permit of a job, or of a sign-in, which nobody's roles can decide. Only `jobs` and the sign-in's door in `store` call this, through constructors that are
    /// named for who acts; clippy refuses it elsewhere. It reaches everybody in `tenant`, and shows no columns.
    #[must_use]
    pub fn for_job(tenant: TenantId, actor: Actor) -> Self {
        Self::granted(tenant, actor, Reach::everybody(), Vec::new())
    }

    /// The tenant. Store methods take it from here, never from a parameter.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whose data.
    #[must_use]
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Whether an operator looks into a customer's data: each look is told to the customer.
    #[must_use]
    pub fn is_through_broken_glass(&self) -> bool {
        self.through_broken_glass
    }

    /// For whom the holder also has `column`; `None` where for nobody.
    #[must_use]
    pub fn sees(&self, column: PermissionId) -> Option<&Reach> {
        self.columns.iter().find(|(permission, _)| *permission == column).map(|(_, reach)| reach)
    }

    /// Whether the holder sees `column` of somebody at `placement`.
    #[must_use]
    pub fn sees_of(&self, column: PermissionId, placement: &Placement) -> bool {
        self.sees(column).is_some_and(|reach| reach.covers(placement))
    }

    /// The permission's name, for the audit trail.
    #[must_use]
    pub fn permission(&self) -> &'static str {
        P::ID.name()
    }
}

impl Permit<crate::permission::AnswerAtKiosk> {
    /// The one round that it is for.
    #[must_use]
    pub fn round(&self) -> Option<StressRoundId> {
        match self.actor {
            Actor::Kiosk { round, .. } => Some(round),
            _ => None,
        }
    }
}

impl Permit<crate::permission::UseImports> {
    /// The right to import `kind`, for those whom the roles reach that have it. Departments, employees and accounts are about the whole
    /// tenant: a narrower grant does not do.
    pub fn import_right(&self, kind: ImportKind) -> Result<ImportRight, Denied> {
        let reach = self.sees(kind.permission()).ok_or(Denied::Forbidden)?;
        ImportRight::within(self.tenant, kind, self.actor.clone(), reach.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// A small tenant: few things of each kind, so that they meet.
    #[derive(Debug)]
    struct Tenant {
        /// Each department's parent, which comes before it.
        parents: Vec<Option<u8>>,
        /// Which department carries which label.
        labels: Vec<(u8, u8)>,
    }

    impl Tenant {
        fn tree(&self) -> Arc<Tree> {
            let parent = |department: &Option<u8>| department.map(department_id);
            let departments = (0..).map(department_id).zip(self.parents.iter().map(parent));
            let labels = self.labels.iter().map(|(of, label)| (department_id(*of), label_id(*label)));
            Arc::new(Tree::new(departments).unwrap().labelled(labels))
        }

        /// The department and every one above it, by climbing.
        fn upwards(&self, department: u8) -> impl Iterator<Item = u8> {
            std::iter::successors(Some(department), |at| self.parents[usize::from(*at)])
        }

        /// What R-02 says of one scope, word by word.
        fn reaches(&self, scope: &Parts, somebody: &Somebody) -> bool {
            let in_workplace = somebody.workplace.is_some_and(|workplace| scope.workplaces.contains(&workplace));
            let in_department =
                somebody.department.is_some_and(|of| self.upwards(of).any(|above| scope.departments.contains(&above)));
            let carries = |label: &u8| {
                let theirs = somebody.labels.contains(label);
                let departments = somebody.department.map(|of| self.upwards(of)).into_iter().flatten();
                theirs || departments.into_iter().any(|above| self.labels.contains(&(above, *label)))
            };
            in_workplace || in_department || scope.labels.iter().any(carries)
        }
    }

    #[derive(Debug)]
    struct Parts {
        workplaces: Vec<u8>,
        departments: Vec<u8>,
        labels: Vec<u8>,
    }

    impl Parts {
        fn scope(&self) -> Scope {
            Scope::Parts {
                workplaces: self.workplaces.iter().map(|n| WorkplaceId::from_bytes([*n; 16])).collect(),
                departments: self.departments.iter().map(|n| department_id(*n)).collect(),
                labels: self.labels.iter().map(|n| label_id(*n)).collect(),
            }
        }
    }

    #[derive(Debug)]
    struct Somebody {
        workplace: Option<u8>,
        department: Option<u8>,
        labels: Vec<u8>,
    }

    impl Somebody {
        fn placement(&self) -> Placement {
            Placement {
                employee: EmployeeId::from_bytes([1; 16]),
                workplace: self.workplace.map(|n| WorkplaceId::from_bytes([n; 16])),
                department: self.department.map(department_id),
                labels: self.labels.iter().map(|n| label_id(*n)).collect(),
            }
        }
    }

    fn department_id(n: u8) -> DepartmentId {
        DepartmentId::from_bytes([n; 16])
    }

    fn label_id(n: u8) -> LabelId {
        LabelId::from_bytes([n; 16])
    }

    /// How many departments there are, and workplaces, and labels.
    const DEPARTMENTS: u8 = 12;
    const OTHERS: u8 = 4;

    fn tenants() -> impl Strategy<Value = Tenant> {
        let parents = vec(proptest::option::weighted(0.8, 0_u8..DEPARTMENTS), usize::from(DEPARTMENTS));
        let labels = vec((0..DEPARTMENTS, 0..OTHERS), 0..6);
        (parents, labels).prop_map(|(picks, labels)| {
            let before = |(at, pick): (u8, Option<u8>)| pick.filter(|_| at > 0).map(|pick| pick % at);
            Tenant { parents: (0..).zip(picks).map(before).collect(), labels }
        })
    }

    fn parts() -> impl Strategy<Value = Parts> {
        (vec(0..OTHERS, 0..2), vec(0..DEPARTMENTS, 0..3), vec(0..OTHERS, 0..2))
            .prop_map(|(workplaces, departments, labels)| Parts { workplaces, departments, labels })
    }

    fn somebody() -> impl Strategy<Value = Somebody> {
        (proptest::option::of(0..OTHERS), proptest::option::of(0..DEPARTMENTS), vec(0..OTHERS, 0..3))
            .prop_map(|(workplace, department, labels)| Somebody { workplace, department, labels })
    }

    proptest! {
        #[test]
        fn r02_a_reach_covers_whom_one_of_its_scopes_reaches_and_nobody_else(
            tenant in tenants(), scopes in vec(parts(), 0..3), people in vec(somebody(), 1..12),
        ) {
            let tree = tenant.tree();
            let mut reach = Reach::default();
            for parts in &scopes {
                let scope = parts.scope();
                reach.add(&scope, Some(&tree).filter(|_| scope.needs_tree()));
            }
            for somebody in &people {
                let reached = scopes.iter().any(|scope| tenant.reaches(scope, somebody));
                prop_assert_eq!(reach.covers(&somebody.placement()), reached, "{:?}", somebody);
            }
        }

        #[test]
        fn r02_without_the_tree_a_reach_is_smaller_and_never_larger(
            tenant in tenants(), scopes in vec(parts(), 0..3), people in vec(somebody(), 1..12),
        ) {
            let mut reach = Reach::default();
            for parts in &scopes {
                reach.add(&parts.scope(), None);
            }
            for somebody in people.iter().filter(|somebody| reach.covers(&somebody.placement())) {
                prop_assert!(scopes.iter().any(|scope| tenant.reaches(scope, somebody)));
            }
        }
    }
}
