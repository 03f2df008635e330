//! The permission matrix: role × permission, in one table. What is not in it is refused.
//!
//! Two kinds of rows: a *door* is a permission that opens operations; a *column* is a part of what a door shows or takes (names, mail
//! addresses, non-statutory items; one kind of file) that fewer people may have. A column has no door: a permit for a door knows for whom it also has the column.
//! What is done at a shared terminal is a row without a role: [`KioskFacts`](crate::KioskFacts) decide on it.

use domain::contract::Service;
use enumset::{EnumSet, EnumSetType};

use crate::role::{HandlingRule, Role};

/// A permission as a type: what a [`Permit`](crate::Permit) is for.
pub trait Permission: std::fmt::Debug + Send + Sync + 'static {
    /// Its row in the matrix.
    const ID: PermissionId;
}

/// Defines every permission as a value (a row of the matrix) and as a type (what a permit is for).
macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The permissions as values.
        #[derive(Debug, EnumSetType, Hash, PartialOrd, Ord)]
        pub enum PermissionId { $($(#[$doc])* $name,)* }

        impl PermissionId {
            /// The name in documents, logs and the audit trail.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        /// The permissions as types.
        pub mod permission {
            use super::{Permission, PermissionId};
            $($(#[$doc])* #[derive(Debug)] pub enum $name {}
            impl Permission for $name { const ID: PermissionId = PermissionId::$name; })*
        }
    };
}

permissions! {
    /// Open one login's credentials while somebody signs in. No role has it: it stands before all roles.
    SignIn = "sign_in";
    /// Read one's own account.
    ReadSelf = "me.read";
    /// Change one's own password.
    ChangeOwnPassword = "me.password";
    /// Enrol and confirm one's own second factor.
    ManageOwnOtp = "me.otp";
    /// Remove one's own second factor.
    RemoveOwnOtp = "me.otp_remove";
    /// Make new recovery codes for one's own second factor.
    MakeRecoveryCodes = "me.recovery_codes";
    /// See and end one's own sessions.
    ManageOwnSessions = "me.sessions";
    /// See who looked at one's own record.
    ViewAccessLog = "me.access_log";
    /// Take away everything that is held about oneself.
    ExportOwn = "me.export";
    /// Read reference data: catalogues that hold nobody's data.
    ReadReference = "reference.read";
    /// Read accounts and their grants.
    ViewAccounts = "accounts.view";
    /// Create, change, suspend, resume and unlock accounts; set initial passwords.
    ManageAccounts = "accounts.manage";
    /// Delete accounts.
    DeleteAccounts = "accounts.delete";
    /// Change the grants of others.
    GrantRoles = "accounts.grant";
    /// Reset the second factor of others; that of a privileged account takes two who have this.
    ResetOtp = "accounts.otp_reset";
    /// Take the list of accounts away as a file (アカウントの棚卸し).
    ExportAccounts = "accounts.export";
    /// Read which programs may call.
    ViewApiClients = "api_clients.view";
    /// Make, change and revoke programs' access.
    ManageApiClients = "api_clients.manage";
    /// Read the tenant's settings.
    ViewTenant = "tenant.view";
    /// Change the tenant's settings.
    ChangeTenant = "tenant.change";
    /// Read and change the IP rules.
    ManageAddressRules = "tenant.ip_rules";
    /// Say after how many years records are deleted.
    ManageRetention = "tenant.retention";
    /// Read workplaces, departments and labels.
    ViewOrganisation = "organisation.view";
    /// Create, change and delete workplaces, departments and labels.
    ManageOrganisation = "organisation.manage";
    /// Read employees: number, placement, employment.
    ViewEmployees = "employees.view";
    /// Create, change and retire employees.
    ManageEmployees = "employees.manage";
    /// Delete employees.
    DeleteEmployees = "employees.delete";
    /// See names and kana.
    SeeNames = "names.see";
    /// See mail addresses.
    SeeContacts = "contacts.see";
    /// See birth dates and sex.
    SeeAttributes = "attributes.see";
    /// Start imports and follow them, of the kinds that the rows below show.
    UseImports = "imports.use";
    /// Import departments.
    ImportDepartments = "imports.departments";
    /// Import employees.
    ImportEmployees = "imports.employees";
    /// Import accounts.
    ImportAccounts = "imports.accounts";
    /// Import checkups: values go in unseen by those who may not read them.
    ImportCheckups = "imports.checkups";
    /// Import working hours.
    ImportWorkingHours = "imports.working_hours";
    /// Import answers of stress checks that were given on paper.
    ImportStressAnswers = "imports.stress_answers";
    /// Import lifelogs of a campaign.
    ImportLifelogs = "imports.lifelogs";
    /// Get credentials for dropping files, of the kinds that an administrator allowed.
    DropFiles = "imports.drop";
    /// Read checkups: statutory items, grades, judgement.
    ViewCheckups = "checkups.view";
    /// See a checkup's items beyond the statutory ones.
    SeeNonStatutory = "checkups.non_statutory";
    /// See a checkup's letters where the checkup itself is not shown.
    SeeGrades = "checkups.grades";
    /// Read what physicians and the employer say about somebody's work after a checkup (就業判定).
    ViewWorkFitness = "work_fitness.view";
    /// Say whether somebody can work as before, and sign for it. Physicians alone.
    GiveOpinions = "work_fitness.opine";
    /// Decide on measures at work, for the employer.
    DecideMeasures = "work_fitness.decide";
    /// See which measures at work are in force, and nothing of why.
    ViewMeasures = "work_fitness.measures";
    /// Enter, correct and void checkups: values go in unseen by those who may not read them.
    ManageCheckups = "checkups.manage";
    /// Read the criteria that checkups are judged by.
    ViewCriteria = "checkups.criteria";
    /// Change the criteria that checkups are judged by: a medical decision.
    ManageCriteria = "checkups.criteria_change";
    /// Read statutory reports of checkups: figures of workplaces, and what was handed in.
    ViewReports = "reports.view";
    /// Freeze statutory reports, and say what only the customer knows for them.
    ManageReports = "reports.manage";
    /// See who is to be examined, by when, and whether they were; no result.
    ViewAttendance = "checkups.attendance";
    /// Wish for a checkup of one's own: when and where (受診希望).
    WishCheckup = "checkups.wish";
    /// Book checkups for those who wish for them, and keep the list of clinics.
    ManageReservations = "checkups.reservations";
    /// Read whom a checkup sends to a physician (受診勧奨), and where that stands.
    ViewFollowUps = "follow_ups.view";
    /// Advise people to see a physician, remind them, and end it.
    ManageFollowUps = "follow_ups.manage";
    /// Say what came of one's own findings.
    AnswerFollowUps = "follow_ups.answer";
    /// Write down sessions of health guidance (保健指導).
    RecordGuidance = "follow_ups.guide";
    /// See what was talked about in sessions of health guidance.
    SeeGuidance = "follow_ups.guidance";
    /// Read rounds of the stress check (ストレスチェックの実施回): when, for whom, by which criteria, who carries them out.
    ViewStressRounds = "stress_checks.rounds";
    /// Plan rounds of the stress check, open, close and archive them, appoint who carries them out, and remind.
    PlanStressChecks = "stress_checks.plan";
    /// See who is asked to answer a stress check, and whether they have; nothing of what.
    ViewStressAttendance = "stress_checks.attendance";
    /// Answer one's own stress check.
    AnswerStressCheck = "stress_checks.answer";
    /// Answer the stress check of one round at a shared terminal (共用端末). No role has it: number, birth date and the round's code are what counts.
    AnswerAtKiosk = "stress_checks.kiosk";
    /// Read the result of one's own stress check.
    ViewOwnStress = "stress_checks.own";
    /// Consent that the employer gets one's own result, withdraw that, and request an interview.
    ShareOwnStress = "stress_checks.share";
    /// Carry out a round that one was appointed for: pledge secrecy, read what individuals answered (実施者・実施事務従事者).
    HandleStressAnswers = "stress_checks.answers";
    /// Read results of individuals of a round that one was appointed for.
    ViewStressResults = "stress_checks.results";
    /// Say who needs an interview, sign for it, and let somebody answer again: implementers alone.
    SelectHighStress = "stress_checks.select";
    /// Read the results that their people have shared with the employer, and no others.
    ViewSharedStress = "stress_checks.shared";
    /// Read who has requested an interview after a stress check.
    ViewStressRequests = "stress_checks.requests";
    /// Analyse the groups of a round that one was appointed for, once.
    AnalyseStress = "stress_checks.analyse";
    /// Read figures of groups of ten and more.
    ViewStressAnalysis = "stress_checks.analysis";
    /// Read the report of a workplace's stress check (様式第6号の3).
    ViewStressReports = "stress_checks.reports";
    /// Say what only the customer knows for that report.
    ManageStressReports = "stress_checks.reports_change";
    /// Read somebody's lifelog (ライフログ): one's own, or what its owner shares.
    ViewLifelogs = "lifelogs.view";
    /// Record, change and delete one's own lifelog, and say with whom it is shared.
    ManageLifelogs = "lifelogs.manage";
    /// Read working hours, and whose are over a line.
    ViewWorkingHours = "working_hours.view";
    /// See what the law asks next about somebody's hours: whether they asked for an interview is not everybody's to know.
    SeeOverworkTasks = "working_hours.tasks";
    /// Enter and correct working hours, and say when months close.
    ManageWorkingHours = "working_hours.manage";
    /// Tell workers of their hours, and physicians of workers.
    NotifyOfHours = "working_hours.notify";
    /// Say that somebody needs no interview. Physicians alone.
    ExcuseFromInterview = "working_hours.excuse";
    /// Fill in one's own fatigue check list.
    AnswerFatigue = "working_hours.fatigue_answer";
    /// Read fatigue check lists.
    ViewFatigue = "working_hours.fatigue";
    /// Read interviews (面談): when, what the physician reported and the employer decided; nothing of what was talked about.
    ViewInterviews = "interviews.view";
    /// List interviews that the employer's side knows nothing of: consultations and guidance.
    ViewConsultations = "interviews.consultations";
    /// Know of such an interview, and of what its worker wishes.
    SeeConsultations = "interviews.in_confidence";
    /// Have to do with interviews that physicians alone hold.
    SeePhysiciansInterviews = "interviews.physicians";
    /// Ask for an interview for oneself, and decline one.
    RequestInterviews = "interviews.request";
    /// Open interviews from what the law or a checkup gives cause for, book them and call them off.
    ArrangeInterviews = "interviews.arrange";
    /// See the times that are offered for interviews, and book one or give it back: workers for their own interviews.
    UseInterviewSlots = "interviews.slots";
    /// Note that an interview was held, or that nobody came.
    HoldInterviews = "interviews.hold";
    /// Read private notes of interviews (面談記録).
    ViewInterviewNotes = "interviews.notes";
    /// Write private notes of interviews.
    WriteInterviewNotes = "interviews.notes_write";
    /// Report to the employer after an interview, and sign for it. Physicians alone.
    OpineOnInterviews = "interviews.opine";
    /// Decide on measures after such a report, for the employer.
    DecideOnInterviews = "interviews.decide";
    /// See which measures after interviews are in force, and nothing of why.
    ViewInterviewMeasures = "interviews.measures";
    /// Read leave cases (休職・職場復帰): state, plan, days; no diagnosis. HR those alone that they are assigned to.
    ViewLeaveCases = "leave_cases.view";
    /// Know of every leave case of those whom one reaches, and write what the employer's side does not read.
    SeeLeaveWords = "leave_cases.medical";
    /// Open leave cases, assign them, note what happens, plan the return.
    ManageLeaveCases = "leave_cases.manage";
    /// Decide for the employer whether somebody returns.
    DecideOnReturns = "leave_cases.decide";
    /// Hand in certificates, workers for themselves.
    HandInCertificates = "leave_cases.certificates";
    /// Read what was said about a leave to physicians and nurses, diagnoses among it.
    ViewLeaveNotes = "leave_cases.notes";
    /// See the hours and restrictions of those who have returned, and nothing of why.
    ViewLeaveMeasures = "leave_cases.measures";
    /// Read somebody's points: balance, ledger, exchanges.
    ViewPoints = "points.view";
    /// Ask for one's own points to be exchanged, and say something of one's own days that stand out.
    UseOwnPoints = "points.use";
    /// Correct points, decide on exchanges and on days that stand out, see how much came from hand. Never a value.
    ManagePoints = "points.manage";
    /// Read what gives how many points.
    ViewPointsRules = "points.rules";
    /// Say what gives how many points.
    ManagePointsRules = "points.rules_change";
    /// Read campaigns, and what ten people and more of one come to.
    ViewCampaigns = "campaigns.view";
    /// Make campaigns.
    ManageCampaigns = "campaigns.manage";
    /// Take part in campaigns.
    JoinCampaigns = "campaigns.join";
    /// Read the company's rules for handling health information (取扱規程).
    ViewHandlingRules = "handling_rules.view";
    /// Lay them down, and see who has read them.
    ManageHandlingRules = "handling_rules.change";
    /// Say that one has read them.
    AcknowledgeHandlingRules = "handling_rules.acknowledge";
    /// Read requests about what is held of somebody (開示・訂正・利用停止).
    ViewRights = "rights.view";
    /// Ask for something about what is held of oneself.
    AskRights = "rights.ask";
    /// Answer such requests.
    DecideRights = "rights.decide";
    /// Read the audit trail.
    ViewAudit = "audit.view";
    /// Read and change contracts.
    ManageContracts = "contracts.manage";
    /// Terminate contracts, and withdraw terminations.
    TerminateContracts = "contracts.terminate";
    /// Put a hold on everything that belongs to a contract, and lift it.
    HoldContracts = "contracts.hold";
    /// Read what a tenant's administrators see of accounts and settings, for at most an hour and with a ticket.
    BreakGlass = "break_glass.begin";
    /// See whether one has broken the glass in this session, and mend it before its time.
    MendGlass = "break_glass.end";
    /// Reset a second factor with a ticket; it takes two operators.
    ResetOtpByTicket = "contracts.otp_reset";
    /// Ask for the company's own lines of the logs, and follow what becomes of it.
    AskForLogs = "log_requests.ask";
    /// Fetch the file that was released.
    DownloadLogs = "log_requests.download";
    /// Read what companies have asked for.
    ReviewLogRequests = "log_requests.review";
    /// Release logs to the company that they are about, or refuse.
    DecideLogRequests = "log_requests.decide";
    /// Read announcements that are for one's own company; operators: all of them.
    ViewAnnouncements = "announcements.view";
    /// Draft, change and take back announcements, and see who got them.
    ManageAnnouncements = "announcements.manage";
    /// Publish announcements: mail goes to every administrator concerned.
    PublishAnnouncements = "announcements.publish";
    /// Read incidents that affect one's own company, once it was told; operators: all of them.
    ViewIncidents = "incidents.view";
    /// Open, keep and close incidents.
    ManageIncidents = "incidents.manage";
    /// Tell the affected companies: mail goes to their administrators.
    TellIncidents = "incidents.tell";
    /// Keep the register of yearly controls and certificates, and that of sub-processors.
    ManageControls = "controls.manage";
    /// Read which companies work for the provider, and with which data.
    ViewSubProcessors = "sub_processors.view";
    /// Ask for audit results and certificates, and read what was released.
    AskAssurance = "assurance.ask";
    /// Release audit results and certificates to a customer, or refuse them.
    ReleaseAssurance = "assurance.release";
    /// Read how much of a month the service was there.
    ViewAvailability = "availability.view";
    /// Read what one's own company has exported or is exporting.
    ViewExports = "exports.view";
    /// Ask for the company's data as files; for everything, once its contract has a last day.
    AskExports = "exports.ask";
    /// Take those files away.
    FetchExports = "exports.fetch";
    /// Have organisation, employees and accounts as files; everything, once the contract has a last day.
    ExportRegister = "exports.register";
    /// Have checkups as a table, as far as one sees them.
    ExportCheckups = "exports.checkups";
    /// Have interviews as a file, as far as one sees them.
    ExportInterviews = "exports.interviews";
    /// Read what was disclosed on lawful orders, to whom and why.
    ViewDisclosures = "disclosures.view";
    /// Ask for evidence to be disclosed on a lawful order.
    AskDisclosures = "disclosures.ask";
    /// Approve or decline what another operator asked for.
    DecideDisclosures = "disclosures.decide";
    /// Take the evidence away, and note to whom it was handed.
    FetchDisclosures = "disclosures.fetch";
    /// Set a password with a one-time link that came by mail. No role has it: the link itself is what counts.
    UseLink = "link.use";
    /// Make new keys that sign tokens, and retire old ones. No role has it.
    RotateSigningKeys = "signing_keys.rotate";
    /// Hand the outbox's mails to the relay. No role has it.
    DeliverMail = "mail.deliver";
    /// Delete what terminated tenants left. No role has it.
    PurgeTenants = "tenants.purge";
    /// Make the files of logs that were released. No role has it.
    WriteLogs = "log_requests.write";
    /// Make the files of exports and disclosures. No role has it.
    WriteExports = "exports.write";
    /// Judge stored checkups once more. No role has it.
    RejudgeCheckups = "checkups.rejudge";
    /// Note whether a synthetic customer could sign in and read. No role has it.
    NoteCanary = "canary.note";
    /// Copy events of the trail to where nobody changes them. No role has it.
    ArchiveTrail = "trail.archive";
    /// Seal the days of the trail, and say whether it is whole. No role has it.
    SealTrail = "trail.seal";
    /// Write a notice that goes to many into the outboxes of all. No role has it.
    FanOutNotices = "notices.fan_out";
    /// Remind operators of deadlines. No role has it.
    RemindOperators = "reminders.send";
    /// Close days, and grant the points that they give. No role has it.
    ClosePoints = "points.close";
    /// Count what dashboards show, without opening anything. No role has it.
    CountFigures = "reports.count";
    /// Remind employees of what they are asked for. No role has it.
    RemindEmployees = "employees.remind";
    /// Open a sample of a restored table. No role has it.
    DrillRestores = "restores.drill";
}

/// What one role may, in one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    No,
    /// Their own data. Needs no second factor and no allowed address, for it reaches nobody else.
    Own,
    /// Everybody in the grant's scope.
    Scope,
    /// Everybody in the grant's scope, where the tenant's handling rules say so.
    ScopeIf(HandlingRule),
    /// A tenant's data for one of the provider's people, read only, while they have broken the glass there.
    BrokenGlass,
}

/// Whether a row opens doors, shows columns, or belongs to no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Opens operations.
    Door,
    /// A part of what a door shows or takes.
    Column,
    /// Opens operations to whoever signed in at a shared terminal, and to no role.
    Kiosk,
    /// Never granted: sign-in and jobs.
    Inner,
}

/// One row of the matrix.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The permission.
    pub permission: PermissionId,
    /// Door, column or inner.
    pub sort: Sort,
    /// The service that must be contracted.
    pub service: Option<Service>,
    /// Needs a one-time password given within the last five minutes.
    pub fresh: bool,
    /// Still open to the tenant after the contract ended and before the purge.
    pub after_end: bool,
    /// Open while the account must still change its password.
    pub before_password_change: bool,
    /// One cell per role, in the order of [`Role::ALL`].
    pub cells: [Cell; ROLES],
}

/// Whether `role` does anything for others that belongs to `service`, without a choice of the tenant's own that opens it.
#[must_use]
pub fn may_in_service(role: Role, service: Service) -> bool {
    MATRIX.iter().any(|row| row.service == Some(service) && row.cell(role) == Cell::Scope)
}

impl Row {
    /// What `role` may.
    #[must_use]
    pub const fn cell(&self, role: Role) -> Cell {
        self.cells[role as usize]
    }

    /// Whether it is about the account that asks and nothing else: open to every role, and to accounts that have none.
    #[must_use]
    pub fn is_about_the_account(&self) -> bool {
        Role::ALL.iter().all(|role| *role == Role::ApiClient || self.cell(*role) == Cell::Own)
    }

    /// Whether only a program has it: no account could give it away by having it.
    pub(crate) fn is_for_programs_alone(&self) -> bool {
        Role::ALL.iter().all(|role| (*role == Role::ApiClient) == (self.cell(*role) != Cell::No))
    }

    const fn fresh(mut self) -> Self {
        self.fresh = true;
        self
    }
    const fn service(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }
    const fn after_end(mut self) -> Self {
        self.after_end = true;
        self
    }
    const fn before_password_change(mut self) -> Self {
        self.before_password_change = true;
        self
    }
}

const fn row(sort: Sort, permission: PermissionId, cells: [Cell; ROLES]) -> Row {
    Row { permission, sort, service: None, fresh: false, after_end: false, before_password_change: false, cells }
}
const fn door(permission: PermissionId, cells: [Cell; ROLES]) -> Row {
    row(Sort::Door, permission, cells)
}
const fn column(permission: PermissionId, cells: [Cell; ROLES]) -> Row {
    row(Sort::Column, permission, cells)
}
const fn kiosk(permission: PermissionId) -> Row {
    row(Sort::Kiosk, permission, [NO; ROLES])
}
const fn inner(permission: PermissionId) -> Row {
    row(Sort::Inner, permission, [NO; ROLES])
}

const ROLES: usize = Role::ALL.len();
const NO: Cell = Cell::No;
const OWN: Cell = Cell::Own;
const YES: Cell = Cell::Scope;
const IF_HR: Cell = Cell::ScopeIf(HandlingRule::HrSeesCheckups);
const IF_MGR: Cell = Cell::ScopeIf(HandlingRule::ManagersSeeStressGroups);
const IF_NS: Cell = Cell::ScopeIf(HandlingRule::NonStatutoryWithConsent);
const BG: Cell = Cell::BrokenGlass;

use PermissionId as P;

/// The matrix. Sources: the roles' table of the API contract and, where it is silent, the domain reference 8.2; where they
/// disagree on privacy, the stricter.
#[rustfmt::skip]
pub const MATRIX: &[Row] = &[
    //                              employee  manager  hr     h.off. phys.  nurse  s.impl s.clrk admin  oper.  client
    inner(P::SignIn),
    door(P::ReadSelf,              [OWN,      OWN,     OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   NO ]).after_end().before_password_change(),
    door(P::ChangeOwnPassword,     [OWN,      OWN,     OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   NO ]).after_end().before_password_change(),
    door(P::ManageOwnOtp,          [OWN,      OWN,     OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   NO ]).after_end(),
    door(P::RemoveOwnOtp,          [OWN,      OWN,     OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   NO ]).after_end().fresh(),
    door(P::MakeRecoveryCodes,     [OWN,      OWN,     OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   NO ]).fresh(),
    door(P::ManageOwnSessions,     [OWN,      OWN,     OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   NO ]).after_end().before_password_change(),
    door(P::ViewAccessLog,         [OWN,      OWN,     OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   NO ]),
    door(P::ExportOwn,             [OWN,      OWN,     OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   NO,    NO ]),
    door(P::ReadReference,         [OWN,      OWN,     OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   OWN,   YES]),
    door(P::ViewAccounts,          [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   BG,    YES]),
    door(P::ManageAccounts,        [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]),
    door(P::DeleteAccounts,        [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]).fresh(),
    door(P::GrantRoles,            [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]).fresh(),
    door(P::ResetOtp,              [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]).fresh(),
    door(P::ExportAccounts,        [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]).fresh(),
    door(P::ViewApiClients,        [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   BG,    NO ]),
    door(P::ManageApiClients,      [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]).fresh(),
    door(P::ViewTenant,            [NO,       YES,     YES,   YES,   YES,   YES,   YES,   YES,   YES,   BG,    YES]).after_end(),
    door(P::ChangeTenant,          [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]),
    door(P::ManageAddressRules,    [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]),
    door(P::ManageRetention,       [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]).fresh(),
    door(P::ViewOrganisation,      [NO,       YES,     YES,   YES,   YES,   YES,   YES,   YES,   YES,   BG,    YES]),
    door(P::ManageOrganisation,    [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    YES,   NO,   YES]),
    door(P::ViewEmployees,         [OWN,      YES,     YES,   YES,   YES,   YES,   YES,   YES,   YES,   NO,   YES]),
    door(P::ManageEmployees,       [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    YES,   NO,   YES]),
    door(P::DeleteEmployees,       [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]).fresh(),
    column(P::SeeNames,            [OWN,      YES,     YES,   YES,   YES,   YES,   YES,   YES,   YES,   NO,   YES]),
    column(P::SeeContacts,         [OWN,      NO,      YES,   YES,   YES,   YES,   YES,   YES,   YES,   NO,   YES]),
    column(P::SeeAttributes,       [OWN,      NO,      YES,   YES,   YES,   YES,   YES,   YES,   YES,   NO,   YES]),
    door(P::UseImports,            [NO,       NO,      YES,   YES,   YES,   YES,   YES,   YES,   YES,   NO,   YES]),
    column(P::ImportDepartments,   [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    YES,   NO,   YES]),
    column(P::ImportEmployees,     [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    YES,   NO,   YES]),
    column(P::ImportAccounts,      [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]),
    column(P::ImportCheckups,      [NO,       NO,      YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    column(P::ImportWorkingHours,  [NO,       NO,      YES,   YES,   NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Overwork),
    column(P::ImportStressAnswers, [NO,       NO,      NO,    NO,    NO,    NO,    YES,   YES,   NO,    NO,   NO ]).service(Service::StressCheck),
    column(P::ImportLifelogs,      [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]).service(Service::Lifelog),
    door(P::DropFiles,             [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    NO,   YES]),
    door(P::ViewCheckups,          [OWN,      NO,      IF_HR, YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    column(P::SeeNonStatutory,     [OWN,      NO,      IF_NS, IF_NS, IF_NS, IF_NS, NO,    NO,    NO,    NO,   NO ]),
    column(P::SeeGrades,           [OWN,      NO,      IF_HR, YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]),
    door(P::ViewWorkFitness,       [OWN,      NO,      YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::GiveOpinions,          [NO,       NO,      NO,    NO,    YES,   NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::DecideMeasures,        [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::ViewMeasures,          [OWN,      YES,     YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::ManageCheckups,        [NO,       NO,      YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::ViewCriteria,          [NO,       NO,      NO,    YES,   YES,   YES,   NO,    NO,    YES,   NO,   NO ]).service(Service::Checkup),
    door(P::ManageCriteria,        [NO,       NO,      NO,    NO,    YES,   NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup).fresh(),
    door(P::ViewReports,           [NO,       NO,      YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::ManageReports,         [NO,       NO,      YES,   YES,   NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::ViewAttendance,        [OWN,      YES,     YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::WishCheckup,           [OWN,      NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::ManageReservations,    [NO,       NO,      YES,   YES,   NO,    YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::ViewFollowUps,         [OWN,      NO,      YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::ManageFollowUps,       [NO,       NO,      YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::AnswerFollowUps,       [OWN,      NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    door(P::RecordGuidance,        [NO,       NO,      NO,    NO,    NO,    YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Checkup),
    column(P::SeeGuidance,         [NO,       NO,      NO,    NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]),
    door(P::ViewStressRounds,      [NO,       NO,      YES,   YES,   YES,   YES,   YES,   YES,   NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::PlanStressChecks,      [NO,       NO,      YES,   NO,    NO,    NO,    YES,   YES,   NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::ViewStressAttendance,  [NO,       NO,      YES,   YES,   YES,   YES,   YES,   YES,   NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::AnswerStressCheck,     [OWN,      NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::StressCheck),
    kiosk(P::AnswerAtKiosk).service(Service::StressCheck),
    door(P::ViewOwnStress,         [OWN,      NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::ShareOwnStress,        [OWN,      NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::HandleStressAnswers,   [NO,       NO,      NO,    NO,    NO,    NO,    YES,   YES,   NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::ViewStressResults,     [NO,       NO,      NO,    NO,    NO,    NO,    YES,   YES,   NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::SelectHighStress,      [NO,       NO,      NO,    NO,    NO,    NO,    YES,   NO,    NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::ViewSharedStress,      [NO,       NO,      YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::ViewStressRequests,    [NO,       NO,      YES,   YES,   YES,   YES,   YES,   YES,   NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::AnalyseStress,         [NO,       NO,      NO,    NO,    NO,    NO,    YES,   YES,   NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::ViewStressAnalysis,    [NO,       IF_MGR,  YES,   YES,   YES,   YES,   YES,   YES,   NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::ViewStressReports,     [NO,       NO,      YES,   YES,   YES,   YES,   YES,   YES,   NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::ManageStressReports,   [NO,       NO,      YES,   YES,   NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::StressCheck),
    door(P::ViewLifelogs,          [OWN,      NO,      NO,    NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Lifelog),
    door(P::ManageLifelogs,        [OWN,      NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Lifelog),
    door(P::ViewWorkingHours,      [OWN,      YES,     YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Overwork),
    column(P::SeeOverworkTasks,    [OWN,      NO,      YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]),
    door(P::ManageWorkingHours,    [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Overwork),
    door(P::NotifyOfHours,         [NO,       NO,      YES,   YES,   NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Overwork),
    door(P::ExcuseFromInterview,   [NO,       NO,      NO,    NO,    YES,   NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Overwork),
    door(P::AnswerFatigue,         [OWN,      NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Overwork),
    door(P::ViewFatigue,           [OWN,      NO,      NO,    NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Overwork),
    door(P::ViewInterviews,        [OWN,      NO,      YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::ViewConsultations,     [NO,       NO,      NO,    NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    column(P::SeeConsultations,    [OWN,      NO,      NO,    NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]),
    column(P::SeePhysiciansInterviews, [NO,   NO,      NO,    NO,    YES,   NO,    NO,    NO,    NO,    NO,   NO ]),
    door(P::RequestInterviews,     [OWN,      NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::ArrangeInterviews,     [NO,       NO,      YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::UseInterviewSlots,     [OWN,      NO,      YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::HoldInterviews,        [NO,       NO,      NO,    NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::ViewInterviewNotes,    [NO,       NO,      NO,    NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::WriteInterviewNotes,   [NO,       NO,      NO,    NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::OpineOnInterviews,     [NO,       NO,      NO,    NO,    YES,   NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::DecideOnInterviews,    [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::ViewInterviewMeasures, [OWN,      YES,     YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::ViewLeaveCases,        [OWN,      NO,      YES,   NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    column(P::SeeLeaveWords,       [NO,       NO,      NO,    NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]),
    door(P::ManageLeaveCases,      [NO,       NO,      YES,   NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::DecideOnReturns,       [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::HandInCertificates,    [OWN,      NO,      YES,   NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::ViewLeaveNotes,        [NO,       NO,      NO,    NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::ViewLeaveMeasures,     [NO,       YES,     NO,    NO,    YES,   YES,   NO,    NO,    NO,    NO,   NO ]).service(Service::Interview),
    door(P::ViewPoints,             [OWN, NO, YES, NO, NO, NO, NO, NO, NO, NO, NO]).service(Service::Lifelog),
    door(P::UseOwnPoints,           [OWN, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO]).service(Service::Lifelog),
    door(P::ManagePoints,           [NO, NO, YES, NO, NO, NO, NO, NO, NO, NO, NO]).service(Service::Lifelog),
    door(P::ViewPointsRules,        [OWN, OWN, OWN, OWN, OWN, OWN, OWN, OWN, OWN, OWN, NO]).service(Service::Lifelog),
    door(P::ManagePointsRules,      [NO, NO, YES, NO, NO, NO, NO, NO, YES, NO, NO]).service(Service::Lifelog),
    door(P::ViewCampaigns,          [OWN, NO, YES, NO, NO, NO, NO, NO, YES, NO, NO]).service(Service::Lifelog),
    door(P::ManageCampaigns,        [NO, NO, YES, NO, NO, NO, NO, NO, YES, NO, NO]).service(Service::Lifelog),
    door(P::JoinCampaigns,          [OWN, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO]).service(Service::Lifelog),
    door(P::ViewHandlingRules,      [OWN, OWN, OWN, OWN, OWN, OWN, OWN, OWN, OWN, OWN, NO]),
    door(P::ManageHandlingRules,    [NO, NO, YES, NO, NO, NO, NO, NO, YES, NO, NO]),
    door(P::AcknowledgeHandlingRules,[OWN, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO]),
    door(P::ViewRights,             [OWN, NO, YES, NO, NO, NO, NO, NO, NO, NO, NO]),
    door(P::AskRights,              [OWN, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO]),
    door(P::DecideRights,           [NO, NO, YES, NO, NO, NO, NO, NO, NO, NO, NO]),
    door(P::ViewAudit,             [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   YES,   YES]).after_end(),
    door(P::ManageContracts,       [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]),
    door(P::TerminateContracts,    [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]).fresh(),
    door(P::HoldContracts,         [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]).fresh(),
    door(P::BreakGlass,            [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]).fresh(),
    door(P::MendGlass,             [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]),
    door(P::ResetOtpByTicket,      [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]).fresh(),
    door(P::AskForLogs,            [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]).after_end(),
    door(P::DownloadLogs,          [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    YES,   NO,   NO ]).after_end().fresh(),
    door(P::ReviewLogRequests,     [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]),
    door(P::DecideLogRequests,     [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]).fresh(),
    door(P::ViewAnnouncements,     [NO,       YES,     YES,   YES,   YES,   YES,   YES,   YES,   YES,   YES,  NO ]).after_end(),
    door(P::ManageAnnouncements,   [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,  NO ]),
    door(P::PublishAnnouncements,  [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,  NO ]).fresh(),
    door(P::ViewIncidents,         [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   YES,  NO ]).after_end(),
    door(P::ManageIncidents,       [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,  NO ]),
    door(P::TellIncidents,         [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,  NO ]).fresh(),
    door(P::ManageControls,        [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]),
    door(P::ViewSubProcessors,     [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    YES,   NO,    NO ]),
    door(P::AskAssurance,          [NO,       NO,      YES,   NO,    NO,    NO,    NO,    NO,    YES,   NO,    NO ]),
    door(P::ReleaseAssurance,      [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]).fresh(),
    door(P::ViewAvailability,      [NO,       YES,     YES,   YES,   YES,   YES,   YES,   YES,   YES,   YES,   NO ]),
    door(P::ViewExports,           [NO,       NO,      YES,   YES,   YES,   YES,   NO,    NO,    YES,   NO,    NO ]).after_end(),
    door(P::AskExports,            [NO,       NO,      YES,   YES,   YES,   YES,   NO,    NO,    YES,   NO,    NO ]).after_end().fresh(),
    door(P::FetchExports,          [NO,       NO,      YES,   YES,   YES,   YES,   NO,    NO,    YES,   NO,    NO ]).after_end().fresh(),
    column(P::ExportRegister,      [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO,    NO ]),
    column(P::ExportCheckups,      [NO,       NO,      IF_HR, YES,   YES,   YES,   NO,    NO,    NO,    NO,    NO ]).service(Service::Checkup),
    column(P::ExportInterviews,    [NO,       NO,      YES,   YES,   YES,   YES,   NO,    NO,    NO,    NO,    NO ]).service(Service::Interview),
    door(P::ViewDisclosures,       [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]),
    door(P::AskDisclosures,        [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]).fresh(),
    door(P::DecideDisclosures,     [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]).fresh(),
    door(P::FetchDisclosures,      [NO,       NO,      NO,    NO,    NO,    NO,    NO,    NO,    NO,    YES,   NO ]).fresh(),
    inner(P::UseLink),
    inner(P::RotateSigningKeys),
    inner(P::DeliverMail),
    inner(P::PurgeTenants),
    inner(P::WriteLogs),
    inner(P::WriteExports),
    inner(P::RejudgeCheckups),
    inner(P::NoteCanary),
    inner(P::ArchiveTrail),
    inner(P::SealTrail),
    inner(P::FanOutNotices),
    inner(P::RemindOperators),
    inner(P::ClosePoints),
    inner(P::CountFigures),
    inner(P::RemindEmployees),
    inner(P::DrillRestores),
];

/// The row of a permission.
#[must_use]
pub fn row_of(permission: PermissionId) -> &'static Row {
    // The rows stand in the order of the enum, which a test holds.
    &MATRIX[permission as usize]
}

/// Which permissions a program can be given: those that the column for programs opens, but for what follows from others (dropping files follows from
/// the kinds that may be dropped).
#[must_use]
pub fn open_to_programs() -> EnumSet<PermissionId> {
    let open = MATRIX.iter().filter(|row| row.cell(Role::ApiClient) != Cell::No && !row.is_for_programs_alone());
    open.map(|row| row.permission).collect()
}

/// The row with this name, if there is one.
#[must_use]
pub fn row_named(name: &str) -> Option<&'static Row> {
    MATRIX.iter().find(|row| row.permission.name() == name)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn every_permission_has_its_row_in_its_place() {
        let permissions: Vec<_> = EnumSet::<PermissionId>::all().iter().collect();
        let rows: Vec<_> = MATRIX.iter().map(|row| row.permission).collect();
        assert_eq!(rows, permissions, "MATRIX must list every permission once, in the order of the enum");
    }

    #[test]
    fn the_matrix_is_this() {
        let mut text = String::new();
        write!(text, "{:<24}{:<8}", "permission", "sort").unwrap();
        for role in Role::ALL {
            write!(text, "{:<20}", role.name()).unwrap();
        }
        text.push_str("needs\n");
        for row in MATRIX {
            write!(text, "{:<24}{:<8}", row.permission.name(), format!("{:?}", row.sort).to_lowercase()).unwrap();
            for role in Role::ALL {
                let cell = match row.cell(role) {
                    Cell::No => "-".to_owned(),
                    Cell::Own => "own".to_owned(),
                    Cell::Scope => "scope".to_owned(),
                    Cell::ScopeIf(HandlingRule::HrSeesCheckups) => "if hr_sees".to_owned(),
                    Cell::ScopeIf(HandlingRule::NonStatutoryWithConsent) => "if consent".to_owned(),
                    Cell::ScopeIf(HandlingRule::ViewersAreNamed) => "if named".to_owned(),
                    Cell::ScopeIf(HandlingRule::ManagersSeeStressGroups) => "if managers".to_owned(),
                    Cell::BrokenGlass => "broken glass".to_owned(),
                };
                write!(text, "{cell:<20}").unwrap();
            }
            let mut needs = Vec::new();
            if let Some(service) = row.service {
                needs.push(format!("service {service:?}"));
            }
            for (needed, what) in [
                (row.fresh, "fresh otp"),
                (row.after_end, "open after end"),
                (row.before_password_change, "open before password change"),
            ] {
                if needed {
                    needs.push(what.to_owned());
                }
            }
            writeln!(text, "{}", needs.join(", ")).unwrap();
        }
        let text = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn whoever_reads_checkups_reads_the_opinions_that_stand_on_their_cards() {
        let cell = |permission, role| MATRIX.iter().find(|row| row.permission == permission).unwrap().cell(role);
        for role in Role::ALL {
            let (checkups, opinions) = (cell(P::ViewCheckups, role), cell(P::ViewWorkFitness, role));
            assert!(checkups == Cell::No || opinions == checkups || opinions == Cell::Scope, "{}", role.name());
        }
    }

    #[test]
    fn nobody_but_the_operator_has_what_the_operator_has_and_the_operator_has_no_tenant_data() {
        for row in MATRIX.iter().filter(|row| row.cell(Role::Operator) == Cell::Scope) {
            let own = matches!(
                row.permission,
                P::ManageContracts
                    | P::TerminateContracts
                    | P::HoldContracts
                    | P::BreakGlass
                    | P::MendGlass
                    | P::ResetOtpByTicket
                    | P::ViewAudit
                    | P::ReviewLogRequests
                    | P::DecideLogRequests
                    | P::ViewAnnouncements
                    | P::ManageAnnouncements
                    | P::PublishAnnouncements
                    | P::ViewIncidents
                    | P::ManageIncidents
                    | P::TellIncidents
                    | P::ManageControls
                    | P::ReleaseAssurance
                    | P::ViewAvailability
                    | P::ViewDisclosures
                    | P::AskDisclosures
                    | P::DecideDisclosures
                    | P::FetchDisclosures
            );
            assert!(own, "{:?}", row.permission);
        }
    }

    #[test]
    fn r35_no_role_has_what_is_done_at_a_shared_terminal_and_nothing_else_is_done_there() {
        let rows: Vec<_> = MATRIX.iter().filter(|row| row.sort == Sort::Kiosk).collect();
        assert_eq!(rows.iter().map(|row| row.permission).collect::<Vec<_>>(), [P::AnswerAtKiosk]);
        assert!(rows.iter().all(|row| Role::ALL.iter().all(|role| row.cell(*role) == Cell::No)));
    }

    #[test]
    fn a_program_gives_no_one_time_password_and_so_has_nothing_that_asks_for_a_fresh_one() {
        for row in MATRIX.iter().filter(|row| row.cell(Role::ApiClient) != Cell::No) {
            assert!(!row.fresh && row.cell(Role::ApiClient) == Cell::Scope, "{:?}", row.permission);
        }
    }

    #[test]
    fn r32_broken_glass_shows_no_names_no_health_and_changes_nothing() {
        let broken = MATRIX.iter().filter(|row| row.cells.contains(&Cell::BrokenGlass));
        let broken: Vec<_> = broken.map(|row| row.permission).collect();
        assert_eq!(broken, [P::ViewAccounts, P::ViewApiClients, P::ViewTenant, P::ViewOrganisation]);
    }
}
