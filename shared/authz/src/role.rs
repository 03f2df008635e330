//! Roles, and how far a grant of one reaches (R-02, ラベル付の支援).

use std::{collections::BTreeSet, sync::Arc};

use domain::organisation::Tree;
use enumset::EnumSetType;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{DepartmentId, LabelId, WorkplaceId},
    permit::{Placement, Reach},
};

/// What somebody is to the service. The order is the matrix's order of columns.
#[derive(Debug, EnumSetType, Serialize, Deserialize, Hash, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
#[enumset(serialize_repr = "list")]
pub enum Role {
    /// 従業員: own data only. Every account that belongs to an employee has it; it is never granted.
    Employee,
    /// 所属長: attendance, overtime and measures at work of their departments.
    Manager,
    /// 人事労務担当者.
    Hr,
    /// 衛生管理者.
    HealthOfficer,
    /// 産業医.
    Physician,
    /// 保健師・看護師.
    Nurse,
    /// ストレスチェック実施者.
    StressImplementer,
    /// 実施事務従事者.
    StressClerk,
    /// システム管理者: accounts, grants, organisation, settings; no health data by that role.
    Administrator,
    /// 運営事業者: contracts, announcements, incidents, disclosures; lives in the platform's own tenant.
    Operator,
    /// 連携プログラム: a customer's program (API client). Its column is the most that one can be given; never granted to an account.
    ApiClient,
}

impl Role {
    /// All roles, in the order of the matrix's columns.
    pub const ALL: [Self; 11] = [
        Self::Employee,
        Self::Manager,
        Self::Hr,
        Self::HealthOfficer,
        Self::Physician,
        Self::Nurse,
        Self::StressImplementer,
        Self::StressClerk,
        Self::Administrator,
        Self::Operator,
        Self::ApiClient,
    ];

    /// The name in JSON, tokens of the matrix and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Employee => "employee",
            Self::Manager => "manager",
            Self::Hr => "hr",
            Self::HealthOfficer => "health_officer",
            Self::Physician => "physician",
            Self::Nurse => "nurse",
            Self::StressImplementer => "stress_implementer",
            Self::StressClerk => "stress_clerk",
            Self::Administrator => "administrator",
            Self::Operator => "operator",
            Self::ApiClient => "api_client",
        }
    }

    /// The name that people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Employee => "従業員",
            Self::Manager => "所属長",
            Self::Hr => "人事労務担当者",
            Self::HealthOfficer => "衛生管理者",
            Self::Physician => "産業医",
            Self::Nurse => "保健師・看護師",
            Self::StressImplementer => "ストレスチェック実施者",
            Self::StressClerk => "実施事務従事者",
            Self::Administrator => "システム管理者",
            Self::Operator => "運営事業者",
            Self::ApiClient => "連携プログラム",
        }
    }

    /// Whether an account can be granted it, in the platform's own tenant or in a customer's. The employee's role comes with the employee, a
    /// program's with the program.
    #[must_use]
    pub const fn is_granted(self, in_platform: bool) -> bool {
        match self {
            Self::Employee | Self::ApiClient => false,
            Self::Operator => in_platform,
            _ => !in_platform,
        }
    }

    /// Whether it belongs to the stress check alone: where nothing else is contracted, a tenant may do without its second factor.
    #[must_use]
    pub const fn is_of_the_stress_check(self) -> bool {
        matches!(self, Self::StressImplementer | Self::StressClerk)
    }

    /// Whether somebody with authority over hiring, dismissal or transfer (人事権) is barred from this role: the law keeps them
    /// away from individual stress results (安衛則52の10第2項).
    #[must_use]
    pub const fn barred_by_personnel_authority(self) -> bool {
        self.is_of_the_stress_check()
    }
}

/// How far a grant reaches within its tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scope {
    /// Everybody in the tenant.
    Tenant,
    /// Employees who are in one of these workplaces, in one of these departments or below, or carry one of these labels, themselves or by a department that
    /// they are in or below.
    Parts {
        /// Workplaces (事業場).
        #[serde(default)]
        workplaces: BTreeSet<WorkplaceId>,
        /// Departments (部署), each with all below it.
        #[serde(default)]
        departments: BTreeSet<DepartmentId>,
        /// Customer-defined labels (ラベル).
        #[serde(default)]
        labels: BTreeSet<LabelId>,
    },
}

impl Scope {
    /// Whether telling who is in scope needs the department tree.
    #[must_use]
    pub fn needs_tree(&self) -> bool {
        matches!(self, Self::Parts { departments, labels, .. } if !departments.is_empty() || !labels.is_empty())
    }

    /// Whether it reaches nobody at all: such a grant is a mistake.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Parts { workplaces, departments, labels }
            if workplaces.is_empty() && departments.is_empty() && labels.is_empty())
    }
}

/// A role with its reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What the account may be.
    pub role: Role,
    /// For whom.
    pub scope: Scope,
}

impl Grant {
    /// Whether it reaches somebody at `placement`, in this department tree.
    #[must_use]
    pub fn covers(&self, placement: &Placement, tree: &Arc<Tree>) -> bool {
        let mut reach = Reach::default();
        reach.add(&self.scope, Some(tree));
        reach.covers(placement)
    }
}

/// A choice of the tenant's handling rules for health information (健康情報等の取扱規程): what may be seen beyond what the matrix opens by itself. All are closed
/// until the tenant declares otherwise.
#[derive(Debug, EnumSetType, Serialize, Deserialize, Hash)]
#[serde(rename_all = "snake_case")]
#[enumset(serialize_repr = "list")]
pub enum HandlingRule {
    /// 人事労務担当者 named as handlers of statutory checkup values and grades (domain reference 13-10: default closed).
    HrSeesCheckups,
    /// Employees have consented, through the handling rules, that occupational health staff see non-statutory items (法定外項目).
    NonStatutoryWithConsent,
    /// Employees see in their access log by name who looked at their record.
    ViewersAreNamed,
    /// Managers see the group analysis of the stress check of their own group (domain reference 8.2: optional).
    ManagersSeeStressGroups,
}
