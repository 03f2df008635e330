//! Permits of jobs. No role decides them: each constructor is named for who acts, and what may be done with its permit is what its type says.

use authz::{
    Actor, Job, Origin, Permit,
    permission::{DeliverMail, ManageContracts, PurgeTenants},
};
use domain::ids::{PLATFORM, TenantId};

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

/// For setting a deployment up: its first contracts, before there is an operator who could sign in.
#[must_use]
pub fn for_onboarding(origin: &Origin) -> Permit<ManageContracts> {
    #[expect(clippy::disallowed_methods, reason = "whoever sets a deployment up holds its account, not a role")]
    Permit::for_job(PLATFORM, actor(Job::Onboarding, origin))
}
