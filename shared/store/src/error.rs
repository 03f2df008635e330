//! What the store can fail with.

use authz::Denied;
use jiff::civil::Date;

use crate::rates::Rated;

/// Why a read or a write did not happen. Nothing in it tells about anybody's data.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is out of the permit's reach: the two cannot be told apart.
    #[error("not found")]
    NotFound,
    /// The thing changed since the caller read it (ETag).
    #[error("changed meanwhile")]
    Stale,
    /// The write contradicts what is stored.
    #[error("conflict: {0:?}")]
    Conflict(Conflict),
    /// The cursor was made for another list, another caller, or by somebody else.
    #[error("not a cursor of this list")]
    BadCursor,
    /// Authorization changed its mind while the request went on.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// More attempts than their limit allows.
    #[error("too many attempts")]
    TooMany(Rated),
    /// Throttled, timed out, or the key service is away: try again later.
    #[error("temporarily unavailable: {0}")]
    Unavailable(String),
    /// A stored item cannot be read: a fault of ours.
    #[error("internal: {0}")]
    Internal(String),
}

/// What a write contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The employee number belongs to somebody else.
    EmployeeNumberTaken,
    /// The login id belongs to somebody else.
    LoginTaken,
    /// The tenant code belongs to another customer.
    TenantCodeTaken,
    /// The code of a workplace, department or label is taken.
    CodeTaken,
    /// Another label has this name.
    LabelTaken,
    /// The thing is still used by something else.
    InUse,
    /// Something is kept of an employee: they were not registered by mistake.
    HasRecords,
    /// An import is placing people at this moment.
    ImportRunning,
    /// An employee would have left before they came.
    LeftBeforeHired,
    /// A department would be below itself, or too deep.
    DepartmentCycle,
    /// The thing that is referred to does not exist.
    MissingReference,
    /// The thing is in a state that does not allow this.
    WrongState,
    /// At least one usable administrator must remain.
    LastAdministrator,
    /// More than the stress check is contracted: its people keep their second factor.
    NotTheStressCheckAlone,
    /// Another person must confirm: one's own word is not enough.
    SecondPersonNeeded,
    /// Who has authority over hiring, dismissal or transfer may not hold a role of the stress check.
    PersonnelAuthority,
    /// The list of networks would shut out whoever saves it.
    WouldShutOut,
    /// An employee has an account already.
    AccountExists,
    /// The one-time password was used before.
    OtpReplayed,
    /// A record under retention is not deleted: until this day, where that is known.
    UnderRetention(Option<Date>),
    /// A checkup is declared void with a cause, not deleted: until this day, where that is known, the law wants it.
    VoidedNotDeleted(Option<Date>),
    /// Criteria of this name were there before.
    CriteriaVersionTaken,
    /// Nothing is judged by criteria of the company's own.
    NoOwnCriteria,
    /// This employee has a checkup of this kind on this day.
    CheckupExists,
    /// This month of this employee is recorded already.
    MonthExists,
    /// An interview of this kind about the same thing is under way.
    InterviewExists,
    /// Another leave case of this employee is under way.
    LeaveCaseExists,
    /// Another interview has the slot, or it is offered no more.
    SlotTaken,
    /// The slot has begun.
    SlotOver,
    /// Whoever is to hold it has another slot at that time.
    SlotsOverlap,
    /// The employee had left by the day of the checkup.
    AfterLeaving,
    /// The employee was not born by the day of the checkup.
    BeforeBirth,
    /// Not a first examination of the same person.
    UnfitParent,
    /// The file of an import is not kept any more.
    UploadOver,
    /// What an import of this kind wrote is not taken back as a whole.
    NotUndoable,
    /// The time in which an import can be undone is over.
    UndoOver,
    /// The file of an attachment has not come.
    UploadMissing,
    /// The credential before the last one is still good.
    StillInOverlap,
    /// The numbers of a report contradict each other.
    FiguresContradict,
    /// There are fewer points than that.
    NotEnoughPoints,
    /// What is begun is not changed: rules hold from this day on at the earliest.
    RulesTooEarly(Date),
    /// What was answered was deleted when its period of retention was over.
    AnswersDeleted,
    /// Too much for one tenant.
    TooMany,
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

impl From<vault::Error> for Error {
    fn from(error: vault::Error) -> Self {
        match error {
            vault::Error::Unavailable { .. } => Self::Unavailable(error.to_string()),
            // A shredded tenant's data does not exist any more.
            vault::Error::Shredded | vault::Error::KeyGone => Self::NotFound,
            _ => Self::Internal(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        // The error's text may quote what it could not read: its class alone is kept.
        Self::Internal(format!("json: {:?}", error.classify()))
    }
}
