//! Permits of jobs. No role decides them: each constructor is named for who acts, and what may be done with its permit is what its type says.

use authz::{
    Actor, Denied, Exported, Job, OnBehalf, Origin, Permit, export_right_of,
    permission::{
        ArchiveTrail, ClosePoints, CountFigures, DeliverMail, DrillRestores, FanOutNotices, ManageContracts,
        NoteCanary, PurgeTenants, RejudgeCheckups, RemindEmployees, RemindOperators, SealTrail, WriteExports,
        WriteLogs,
    },
};
use domain::ids::{AccountId, PLATFORM, TenantId};
use store::{Error, Store};

fn actor(job: Job, origin: &Origin) -> Actor {
    Actor::Job { job, on_behalf_of: None, origin: origin.clone() }
}

/// For handing a tenant's mails to the relay; the platform's permit also tells which mails of all tenants are due.
#[must_use]
pub fn for_mail_delivery(tenant: TenantId, origin: &Origin) -> Permit<DeliverMail> {
    #[expect(clippy::disallowed_methods, reason = "mail leaves the outbox by nobody's act")]
    Permit::for_job(tenant, actor(Job::MailDelivery, origin))
}

/// For deleting what a terminated tenant left; the platform's permit also tells which tenants are due.
#[must_use]
pub fn for_purge(tenant: TenantId, origin: &Origin) -> Permit<PurgeTenants> {
    #[expect(clippy::disallowed_methods, reason = "a contract's end decides, not a role")]
    Permit::for_job(tenant, actor(Job::RetentionPurge, origin))
}

/// For copying a tenant's events of the trail to where nobody changes them.
#[must_use]
pub fn for_audit_archive(tenant: TenantId, origin: &Origin) -> Permit<ArchiveTrail> {
    #[expect(clippy::disallowed_methods, reason = "every event is copied, whoever it is about")]
    Permit::for_job(tenant, actor(Job::AuditArchive, origin))
}

/// For making the files of logs that an operator has released to this tenant; the platform's permit also tells which.
#[must_use]
pub fn for_log_writer(tenant: TenantId, origin: &Origin) -> Permit<WriteLogs> {
    #[expect(clippy::disallowed_methods, reason = "an operator has decided; what is left is work")]
    Permit::for_job(tenant, actor(Job::LogWriter, origin))
}

/// For making the files that this tenant's administrators, or two operators on a lawful order, have asked for; the platform's permit also tells which.
#[must_use]
pub fn for_export_writer(tenant: TenantId, origin: &Origin) -> Permit<WriteExports> {
    #[expect(clippy::disallowed_methods, reason = "who may have it was decided before; what is left is work")]
    Permit::for_job(tenant, actor(Job::ExportWriter, origin))
}

/// For writing what somebody asked for by their own right: what they see at this moment, or why not any more.
pub async fn for_export_of<P: Exported>(
    store: &Store,
    tenant: TenantId,
    asked_by: AccountId,
    origin: &Origin,
) -> Result<Result<Permit<P>, Denied>, Error> {
    let Some((of, account, tree)) = store.standing(tenant, asked_by).await? else {
        return Ok(Err(Denied::Forbidden));
    };
    let on_behalf_of = Some(OnBehalf::Account(asked_by));
    let actor = Actor::Job { job: Job::ExportWriter, on_behalf_of, origin: origin.clone() };
    #[expect(clippy::disallowed_methods, reason = "the rights of whoever asked, looked at again")]
    let right = export_right_of(&of, &account, actor, tree.as_ref(), store.clock().now());
    Ok(right)
}

/// For judging this tenant's checkups once more, as a physician has asked; the platform's permit, of nobody's asking, tells which tenants.
#[must_use]
pub fn for_rejudgement(tenant: TenantId, asked_by: Option<AccountId>, origin: &Origin) -> Permit<RejudgeCheckups> {
    let on_behalf_of = asked_by.map(OnBehalf::Account);
    let actor = Actor::Job { job: Job::CriteriaRejudge, on_behalf_of, origin: origin.clone() };
    #[expect(clippy::disallowed_methods, reason = "a physician has decided; what is left is work")]
    Permit::for_job(tenant, actor)
}

/// For sealing the trail's days and for saying whether it is whole, of all tenants.
#[must_use]
pub fn for_audit_digest(origin: &Origin) -> Permit<SealTrail> {
    #[expect(clippy::disallowed_methods, reason = "the clock decides, not a role")]
    Permit::for_job(PLATFORM, actor(Job::AuditDigest, origin))
}

/// For writing what the provider tells many into the outbox of each; its own tenant is the platform, whose notices they are.
#[must_use]
pub fn for_fan_out(origin: &Origin) -> Permit<FanOutNotices> {
    #[expect(clippy::disallowed_methods, reason = "an operator has published it: what is left is nobody's act")]
    Permit::for_job(PLATFORM, actor(Job::NoticeFanOut, origin))
}

/// For reminding operators of what is due.
#[must_use]
pub fn for_reminders(origin: &Origin) -> Permit<RemindOperators> {
    #[expect(clippy::disallowed_methods, reason = "the clock decides, not a role")]
    Permit::for_job(PLATFORM, actor(Job::Reminders, origin))
}

/// For reminding a tenant's employees of what they are asked for; the platform's permit also tells which tenants there are.
#[must_use]
pub fn for_employee_reminders(tenant: TenantId, origin: &Origin) -> Permit<RemindEmployees> {
    #[expect(clippy::disallowed_methods, reason = "the clock decides, not a role")]
    Permit::for_job(tenant, actor(Job::Reminders, origin))
}

/// For closing a tenant's days; the platform's permit also tells which tenants there are.
#[must_use]
pub fn for_points_close(tenant: TenantId, origin: &Origin) -> Permit<ClosePoints> {
    #[expect(clippy::disallowed_methods, reason = "the clock decides, not a role")]
    Permit::for_job(tenant, actor(Job::PointsClose, origin))
}

/// For counting a tenant's figures; the platform's permit also tells which tenants there are.
#[must_use]
pub fn for_rollup(tenant: TenantId, origin: &Origin) -> Permit<CountFigures> {
    #[expect(clippy::disallowed_methods, reason = "the clock decides, not a role")]
    Permit::for_job(tenant, actor(Job::Rollup, origin))
}

/// For opening what was restored; with the platform's permit alone.
#[must_use]
pub fn for_drill(tenant: TenantId, origin: &Origin) -> Permit<DrillRestores> {
    #[expect(clippy::disallowed_methods, reason = "a restore that came to its end decides, not a role")]
    Permit::for_job(tenant, actor(Job::BackupDrill, origin))
}

/// For setting a deployment up: its first contracts, before there is an operator who could sign in.
#[must_use]
pub fn for_onboarding(origin: &Origin) -> Permit<ManageContracts> {
    #[expect(clippy::disallowed_methods, reason = "whoever sets a deployment up holds its account, not a role")]
    Permit::for_job(PLATFORM, actor(Job::Onboarding, origin))
}

/// For noting what the canary found.
#[must_use]
pub fn for_canary(origin: &Origin) -> Permit<NoteCanary> {
    #[expect(clippy::disallowed_methods, reason = "a clock looks, not a role")]
    Permit::for_job(PLATFORM, actor(Job::Canary, origin))
}
