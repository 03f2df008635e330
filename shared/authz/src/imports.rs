//! Who may import what. The kind of a file is known only from the request's body, so that each kind is a column of the matrix, beside the one door.

use enumset::{EnumSet, EnumSetType};
use serde::{Deserialize, Serialize};

use crate::{
    decision::Denied,
    ids::TenantId,
    matrix::{PermissionId, Row, row_of},
    permit::{Actor, Reach},
};

/// What a file holds.
#[derive(Debug, EnumSetType, Serialize, Deserialize, Hash)]
#[serde(rename_all = "snake_case")]
#[enumset(serialize_repr = "list")]
pub enum ImportKind {
    /// Departments (部署).
    Departments,
    /// Employees (従業員).
    Employees,
    /// Accounts (アカウント).
    Accounts,
    /// Checkups (健康診断結果).
    Checkups,
    /// Working hours (労働時間).
    WorkingHours,
    /// Stress check answers on paper (ストレスチェック回答).
    StressAnswers,
    /// Lifelogs (ライフログ).
    Lifelogs,
}

impl ImportKind {
    /// The name in JSON and in object keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Departments => "departments",
            Self::Employees => "employees",
            Self::Accounts => "accounts",
            Self::Checkups => "checkups",
            Self::WorkingHours => "working_hours",
            Self::StressAnswers => "stress_answers",
            Self::Lifelogs => "lifelogs",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        EnumSet::<Self>::all().iter().find(|kind| kind.name() == name)
    }

    /// Whether a customer's system may drop files of this kind: never accounts, never stress answers.
    #[must_use]
    pub const fn may_be_dropped(self) -> bool {
        !matches!(self, Self::Accounts | Self::StressAnswers)
    }

    /// The column of the matrix that says who may import this kind.
    #[must_use]
    pub const fn permission(self) -> PermissionId {
        match self {
            Self::Departments => PermissionId::ImportDepartments,
            Self::Employees => PermissionId::ImportEmployees,
            Self::Accounts => PermissionId::ImportAccounts,
            Self::Checkups => PermissionId::ImportCheckups,
            Self::WorkingHours => PermissionId::ImportWorkingHours,
            Self::StressAnswers => PermissionId::ImportStressAnswers,
            Self::Lifelogs => PermissionId::ImportLifelogs,
        }
    }

    /// Its row of the matrix.
    pub(crate) fn row(self) -> &'static Row {
        row_of(self.permission())
    }
}

/// The right to import files of one kind into one tenant. Made by [`Permit::import_right`](crate::Permit::import_right) and by jobs that act for
/// an uploader.
#[derive(Debug, Clone)]
pub struct ImportRight {
    pub(crate) tenant: TenantId,
    pub(crate) kind: ImportKind,
    pub(crate) actor: Actor,
    pub(crate) reach: Reach,
}

impl ImportRight {
    /// The right to import `kind` for whoever is in `reach`. Departments, employees and accounts are about the whole tenant: less does not do.
    pub(crate) fn within(tenant: TenantId, kind: ImportKind, actor: Actor, reach: Reach) -> Result<Self, Denied> {
        let whole_tenant = matches!(kind, ImportKind::Departments | ImportKind::Employees | ImportKind::Accounts);
        if reach.is_nobody() || (whole_tenant && !reach.is_everybody()) {
            return Err(Denied::Forbidden);
        }
        Ok(Self { tenant, kind, actor, reach })
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// What may be imported.
    #[must_use]
    pub fn kind(&self) -> ImportKind {
        self.kind
    }
    /// Who imports.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
    /// For whom.
    #[must_use]
    pub fn reach(&self) -> &Reach {
        &self.reach
    }
}
