//! What somebody sees of a checkup. Where items beyond the statutory ones (法定外項目) are not for them, letters are folded anew over the rest, and what may
//! speak of all items (the clinic's comment, course and overall letter) is left out.

use std::sync::Arc;

use authz::{Permission, PermissionId, Permit, Placement};
use domain::{
    checkup::{
        Subject,
        grade::ClinicGrade,
        item::ItemId,
        judge::{Conclusions, ItemGrade, Summary},
        kind::CheckupKind,
        results::ItemResult,
        specific::{self, Standing},
        statutory::{Lacking, lacking},
        stored::StoredResults,
    },
    employee::PersonName,
    ids::{CheckupId, EmployeeId},
    organisation::OrganisationName,
    time::Jst,
};
use jiff::civil::Date;

use super::{CheckupHealth, RegisteredCheckup};
use crate::item::Stored;

/// A checkup, as far as the permit's holder may see it. Debug output shows no health data.
#[derive(Clone)]
pub struct ShownCheckup {
    /// Its id.
    pub id: CheckupId,
    /// Whose it is.
    pub employee: EmployeeId,
    /// The day (受診日).
    pub examined_on: Date,
    /// The kind (健診種別).
    pub kind: CheckupKind,
    /// The fiscal year (年度) that it counts for.
    pub fiscal_year: i16,
    /// The checkup that it examines again.
    pub parent: Option<CheckupId>,
    /// Age and sex on the day, for those who see attributes.
    pub subject: Option<Subject>,
    /// 医療機関名.
    pub clinic: Option<OrganisationName>,
    /// コース.
    pub course: Option<OrganisationName>,
    /// The physician who examined.
    pub doctor: Option<PersonName>,
    /// The clinic's comment.
    pub comment: Option<String>,
    /// The clinic's own overall judgement.
    pub clinic_overall: Option<ClinicGrade>,
    /// In the order of the catalogue.
    pub results: Vec<ShownResult>,
    /// The letters of categories and of the whole.
    pub summary: Summary,
    /// What is concluded from several items at once.
    pub conclusions: Conclusions,
    /// The statutory items without a result, of a first periodic checkup and for those who see attributes: what may be left out goes by age.
    pub lacking: Vec<Lacking>,
    /// The criteria that were applied.
    pub criteria_version: Arc<str>,
    /// When it first came.
    pub created_at: Jst,
    /// When it last changed.
    pub updated_at: Jst,
}

impl std::fmt::Debug for ShownCheckup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownCheckup").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The result of one item, with its letter. Debug output shows no value.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownResult {
    /// The result.
    pub result: ItemResult,
    /// Its letter, if it has one.
    pub grade: Option<ItemGrade>,
    /// How it stands to the values of the specified health checkup, if it has such.
    pub standing: Option<Standing>,
}

impl ShownResult {
    /// A result of `subject`, as it is shown.
    pub(super) fn new(result: &ItemResult, grade: Option<ItemGrade>, subject: Subject) -> Self {
        let standing = specific::standing(result.item, &result.value, subject);
        Self { result: result.clone(), grade, standing }
    }
}

impl std::fmt::Debug for ShownResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ShownResult({})", self.result.item)
    }
}

/// What somebody sees of a checkup beside the statutory items.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sees {
    pub(crate) non_statutory: bool,
    attributes: bool,
}

impl Sees {
    /// Whether an item is among it.
    pub(super) fn item(self, item: ItemId) -> bool {
        self.non_statutory || item.item().statutory.is_some()
    }

    /// Whether every item is.
    pub(crate) const fn everything(self) -> bool {
        self.non_statutory
    }

    /// What `permit`'s holder sees of somebody at `placement`.
    pub(crate) fn of<P: Permission>(permit: &Permit<P>, placement: &Placement) -> Self {
        Self {
            non_statutory: permit.sees_of(PermissionId::SeeNonStatutory, placement),
            attributes: permit.sees_of(PermissionId::SeeAttributes, placement),
        }
    }
}

/// A checkup, as far as somebody sees it.
pub(super) fn of(opened: RegisteredCheckup, sees: Sees) -> Stored<ShownCheckup> {
    let Sees { non_statutory: whole, attributes } = sees;
    let RegisteredCheckup { record, version, health, .. } = opened;
    let CheckupHealth { clinic, course, doctor, comment, results, .. } = health;
    let StoredResults { subject, results, clinic_overall, judgement } = results;
    let visible = |item: ItemId| sees.item(item);
    let shown = results.iter().filter(|result| visible(result.item));
    // What all items together say may speak of those that are not shown.
    let conclusions = if whole { judgement.conclusions.clone() } else { Conclusions::of(&results, subject, visible) };
    let record = ShownCheckup {
        id: record.id,
        employee: record.employee,
        examined_on: record.examined_on,
        kind: record.kind,
        fiscal_year: record.fiscal_year,
        parent: record.parent,
        subject: attributes.then_some(subject),
        clinic,
        course: course.filter(|_| whole),
        doctor,
        comment: comment.filter(|_| whole),
        clinic_overall: clinic_overall.filter(|_| whole),
        lacking: if attributes && record.kind == CheckupKind::Periodic && record.parent.is_none() {
            lacking(&results, subject, record.examined_on)
        } else {
            Vec::new()
        },
        results: shown.map(|result| ShownResult::new(result, judgement.item(result.item), subject)).collect(),
        summary: judgement.visible(visible),
        conclusions,
        criteria_version: judgement.criteria_version,
        created_at: record.created_at,
        updated_at: record.updated_at,
    };
    Stored { record, version }
}

#[cfg(test)]
mod tests {
    use domain::{
        checkup::{grade::Grade, item::Category, items},
        ids::TenantId,
    };

    use super::{super::import::tests::*, *};

    /// Two items of urine, one of which is not statutory, and words that speak of both.
    const URINE: (&str, &str) = ("尿蛋白,尿潜血,総合判定,コース,コメント", "(+),(+),D,脳ドック,腎臓に注意");

    fn urine(non_statutory: bool) -> ShownCheckup {
        shown_of(URINE.0, URINE.1, non_statutory)
    }

    fn shown(non_statutory: bool) -> ShownCheckup {
        let header = "尿蛋白,尿潜血,総合判定,コース,コメント,腹囲,収縮期血圧,拡張期血圧,空腹時血糖,中性脂肪,HDL,服薬(血圧),服薬(血糖),服薬(脂質)";
        shown_of(header, "(+),(+),D,脳ドック,腎臓に注意,85.0,182,80,99,149,40,いいえ,いいえ,いいえ", non_statutory)
    }

    fn shown_of(header: &str, cells: &str, non_statutory: bool) -> ShownCheckup {
        let content = content(row(header, cells), None);
        let opened = opened(&sealer(TenantId::from_bytes([1; 16])), &content);
        of(opened, Sees { non_statutory, attributes: false }).record
    }

    #[test]
    fn whoever_sees_everything_sees_what_was_concluded_from_it() {
        let shown = urine(true);
        assert_eq!(shown.results.len(), 2);
        assert_eq!(
            (shown.summary.overall, shown.clinic_overall),
            (Some(Grade::D), Some(ClinicGrade::Graded(Grade::D)))
        );
        assert!(shown.course.is_some() && shown.comment.is_some());
    }

    #[test]
    fn what_is_not_statutory_does_not_shine_through_for_whoever_may_not_see_it() {
        let shown = urine(false);
        let items: Vec<_> = shown.results.iter().map(|shown| shown.result.item).collect();
        assert_eq!(items, [items::U_PRO], "blood in urine is not statutory");
        assert_eq!(shown.summary.overall, Some(Grade::C), "both together are D");
        assert_eq!(shown.summary.category(Category::Urine), Some(Grade::C));
        assert_eq!((shown.clinic_overall, shown.course, shown.comment, shown.subject), (None, None, None, None));
    }

    #[test]
    fn r13_debug_output_shows_no_health_data() {
        let shown = shown(true);
        let text = format!("{shown:?} {:?} {:?}", shown.results, shown.comment.is_some());
        assert!(!text.contains("腎臓") && !text.contains("(+)") && !text.contains("脳ドック"), "{text}");
    }
}
