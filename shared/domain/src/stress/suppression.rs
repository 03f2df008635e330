//! Which groups of a round are published (集団分析の公表範囲): none of fewer than ten respondents, and no set of groups from which figures of fewer than ten could be computed.
//!
//! Whoever reads figures of groups can add and subtract them. So what is published is decided once for all groups of a round, for all readers together, and never again: no sequence of
//! queries, filters, exports and roll-ups yields more than that set ([0030](../../../../docs/decisions/0030-groups-that-are-published.md)).
//!
//! What is proven of the set: take the published groups as 0/1 vectors over the respondents. There are ten disjoint sets of respondents ("witnesses"), each of which alone determines every
//! linear combination of the groups: a combination that is zero on all of a set is zero on everybody. A combination that is not zero at all is therefore not zero on somebody of each set, so
//! on ten people at least. No sum or difference of published figures, however weighted, is about fewer than ten people.
//!
//! How it is reached. First a hierarchy: the whole, workplaces, and the departments within one workplace. Where something between one and nine respondents would be left of a group beside
//! its published parts, the smallest part is hidden. What is left of each group then has ten witnesses of its own. Then everything that cuts across (departments over several workplaces,
//! sexes, age bands, labels) is taken one after the other: it stays if each of the ten sets gets one more witness for it, or needs none because the group is a combination of others.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    employee::Sex,
    ids::{DepartmentId, LabelId, WorkplaceId},
    organisation::Tree,
};

/// The fewest respondents of whom anything is told (domain.md 0-6).
pub const LEAST: u32 = 10;
/// How many sets of witnesses there are: as many as respondents in the smallest thing that can be told.
const SETS: usize = LEAST as usize;

/// Ages by tens of years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgeBand {
    /// Up to 19.
    Under20,
    /// 20 to 29.
    From20,
    /// 30 to 39.
    From30,
    /// 40 to 49.
    From40,
    /// 50 to 59.
    From50,
    /// From 60 on.
    From60,
}

impl AgeBand {
    /// All bands, the youngest first.
    pub const ALL: [Self; 6] = [Self::Under20, Self::From20, Self::From30, Self::From40, Self::From50, Self::From60];

    /// The band of an age in years.
    #[must_use]
    pub const fn of(age: u8) -> Self {
        match age {
            0..20 => Self::Under20,
            20..30 => Self::From20,
            30..40 => Self::From30,
            40..50 => Self::From40,
            50..60 => Self::From50,
            60.. => Self::From60,
        }
    }

    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Under20 => "under20",
            Self::From20 => "from20",
            Self::From30 => "from30",
            Self::From40 => "from40",
            Self::From50 => "from50",
            Self::From60 => "from60",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Under20 => "19歳以下",
            Self::From20 => "20歳代",
            Self::From30 => "30歳代",
            Self::From40 => "40歳代",
            Self::From50 => "50歳代",
            Self::From60 => "60歳以上",
        }
    }
}

/// Where a respondent stands, on the day of the analysis. People who stand alike are one class.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Their workplace, if any.
    pub workplace: Option<WorkplaceId>,
    /// Their department, if any.
    pub department: Option<DepartmentId>,
    /// Labels of their own, beside those that their department carries.
    pub labels: BTreeSet<LabelId>,
    /// Their sex.
    pub sex: Sex,
    /// Their age, if it is known.
    pub age: Option<AgeBand>,
}

/// A group of which figures may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Group {
    /// Everybody who answered.
    Whole,
    /// A workplace.
    Workplace(WorkplaceId),
    /// A department with all that lies below it.
    Department(DepartmentId),
    /// Whoever carries a label, or stands in or below a department that does.
    Label(LabelId),
    /// A sex.
    Sex(Sex),
    /// An age band.
    Age(AgeBand),
}

/// A kind of group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// Everybody who answered.
    Whole,
    /// A workplace.
    Workplace,
    /// A department with all that lies below it.
    Department,
    /// A label.
    Label,
    /// A sex.
    Sex,
    /// An age band.
    Age,
}

impl GroupKind {
    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Whole => "全体",
            Self::Workplace => "事業場",
            Self::Department => "部署",
            Self::Label => "ラベル",
            Self::Sex => "性別",
            Self::Age => "年代",
        }
    }
}

impl Group {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> GroupKind {
        match self {
            Self::Whole => GroupKind::Whole,
            Self::Workplace(_) => GroupKind::Workplace,
            Self::Department(_) => GroupKind::Department,
            Self::Label(_) => GroupKind::Label,
            Self::Sex(_) => GroupKind::Sex,
            Self::Age(_) => GroupKind::Age,
        }
    }

    /// What tells it from others of its kind, as callers name it; none for the whole.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::Workplace(id) => Some(id.to_string()),
            Self::Department(id) => Some(id.to_string()),
            Self::Label(id) => Some(id.to_string()),
            Self::Sex(Sex::Male) => Some("male".to_owned()),
            Self::Sex(Sex::Female) => Some("female".to_owned()),
            Self::Sex(Sex::Other) => Some("other".to_owned()),
            Self::Age(band) => Some(band.name().to_owned()),
        }
    }
}

impl Place {
    /// Every group that somebody of this place is in, the whole first.
    pub fn groups<'a>(&'a self, tree: &'a Tree) -> impl Iterator<Item = Group> + 'a {
        let departments = self.department.into_iter().flat_map(|department| tree.with_ancestors(department));
        let labels: BTreeSet<LabelId> = self
            .department
            .into_iter()
            .flat_map(|department| tree.labels(department))
            .chain(self.labels.iter().copied())
            .collect();
        std::iter::once(Group::Whole)
            .chain(self.workplace.map(Group::Workplace))
            .chain(departments.map(Group::Department))
            .chain(labels.into_iter().map(Group::Label))
            .chain([Group::Sex(self.sex)])
            .chain(self.age.map(Group::Age))
    }
}

/// The groups that are published, each with its respondents. Classes of people, each with how many stand alike; a class that is there twice counts twice.
#[must_use]
pub fn published(classes: &[(Place, u32)], tree: &Tree) -> BTreeMap<Group, u32> {
    let mut alike: BTreeMap<&Place, u32> = BTreeMap::new();
    for (place, count) in classes.iter().filter(|(_, count)| *count > 0) {
        *alike.entry(place).or_default() += count;
    }
    let mut sizes: BTreeMap<Group, u32> = BTreeMap::new();
    for (place, count) in &alike {
        for group in place.groups(tree) {
            *sizes.entry(group).or_default() += count;
        }
    }
    let hierarchy = Hierarchy::of(&alike, tree);
    let Some(kept) = hierarchy.kept() else { return BTreeMap::new() };
    let mut groups: Vec<Group> = kept.iter().map(|at| hierarchy.nodes[*at].group).collect();
    let mut witnesses = Witnesses::of(&alike, tree, &hierarchy, &kept);
    groups.extend(crossing(&sizes, &hierarchy).into_iter().filter(|group| witnesses.take(*group)));
    groups.into_iter().filter_map(|group| Some((group, *sizes.get(&group)?))).collect()
}

/// Groups of ten and more that cut across the hierarchy, in the order in which they are tried: what more people ask for first, and the larger first.
fn crossing(sizes: &BTreeMap<Group, u32>, hierarchy: &Hierarchy) -> Vec<Group> {
    let rank = |group: &Group| match group {
        Group::Whole | Group::Workplace(_) => None,
        Group::Department(_) => (!hierarchy.places.contains_key(group)).then_some(0),
        Group::Sex(_) => Some(1),
        Group::Age(_) => Some(2),
        Group::Label(_) => Some(3),
    };
    let mut groups: Vec<(u8, std::cmp::Reverse<u32>, Group)> = sizes
        .iter()
        .filter(|(_, size)| **size >= LEAST)
        .filter_map(|(group, size)| Some((rank(group)?, std::cmp::Reverse(*size), *group)))
        .collect();
    groups.sort_unstable();
    groups.into_iter().map(|(.., group)| group).collect()
}

/// A group of the hierarchy.
struct Node {
    group: Group,
    above: Option<usize>,
    /// Respondents who stand here and in nothing below.
    own: u32,
    /// Respondents here and below.
    size: u32,
}

/// The whole, the workplaces, and the departments whose respondents are all of one workplace. Each lies within the one above it, and two that are neither above nor below each other share
/// nobody. Whatever stands above comes first.
struct Hierarchy {
    nodes: Vec<Node>,
    places: BTreeMap<Group, usize>,
}

/// Whose respondents a department has.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    One(Option<WorkplaceId>),
    Several,
}

impl Hierarchy {
    fn of(alike: &BTreeMap<&Place, u32>, tree: &Tree) -> Self {
        let mut within: BTreeMap<DepartmentId, Within> = BTreeMap::new();
        for place in alike.keys() {
            for department in place.department.into_iter().flat_map(|department| tree.with_ancestors(department)) {
                let here = Within::One(place.workplace);
                let found = within.entry(department).or_insert(here);
                if *found != here {
                    *found = Within::Several;
                }
            }
        }
        let mut hierarchy = Self { nodes: Vec::new(), places: BTreeMap::new() };
        hierarchy.push(Group::Whole, None);
        let workplaces: BTreeSet<WorkplaceId> = alike.keys().filter_map(|place| place.workplace).collect();
        for workplace in workplaces {
            hierarchy.push(Group::Workplace(workplace), Some(0));
        }
        for department in tree.all() {
            let Some(Within::One(workplace)) = within.get(department) else { continue };
            let above = tree
                .with_ancestors(*department)
                .skip(1)
                .find_map(|above| hierarchy.places.get(&Group::Department(above)).copied())
                .or_else(|| hierarchy.places.get(&Group::Workplace((*workplace)?)).copied());
            hierarchy.push(Group::Department(*department), Some(above.unwrap_or(0)));
        }
        for (place, count) in alike {
            if let Some(node) = hierarchy.leaf(place, tree).and_then(|at| hierarchy.nodes.get_mut(at)) {
                node.own += count;
            }
        }
        for at in (0..hierarchy.nodes.len()).rev() {
            hierarchy.nodes[at].size += hierarchy.nodes[at].own;
            if let Some(above) = hierarchy.nodes[at].above {
                hierarchy.nodes[above].size += hierarchy.nodes[at].size;
            }
        }
        hierarchy
    }

    fn push(&mut self, group: Group, above: Option<usize>) {
        self.places.insert(group, self.nodes.len());
        self.nodes.push(Node { group, above, own: 0, size: 0 });
    }

    /// The lowest group of the hierarchy that somebody is in.
    fn leaf(&self, place: &Place, tree: &Tree) -> Option<usize> {
        let departments = place.department.into_iter().flat_map(|department| tree.with_ancestors(department));
        departments
            .map(Group::Department)
            .chain(place.workplace.map(Group::Workplace))
            .chain([Group::Whole])
            .find_map(|group| self.places.get(&group).copied())
    }

    /// The groups that stay, so that of none between one and nine respondents are left beside its parts; none at all where even the whole is too small.
    fn kept(&self) -> Option<BTreeSet<usize>> {
        let mut kept = BTreeSet::new();
        // Of each group: respondents in no kept group below it; and the highest kept groups below it.
        let mut rest: Vec<u32> = self.nodes.iter().map(|node| node.own).collect();
        let mut tops: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for at in (0..self.nodes.len()).rev() {
            if self.nodes[at].size >= LEAST {
                while (1..LEAST).contains(&rest[at]) {
                    let smallest = tops[at].iter().copied().min_by_key(|top| (self.nodes[*top].size, *top))?;
                    kept.remove(&smallest);
                    tops[at].retain(|top| *top != smallest);
                    let freed = std::mem::take(&mut tops[smallest]);
                    tops[at].extend(freed);
                    rest[at] += rest[smallest];
                }
                kept.insert(at);
            }
            let Some(above) = self.nodes[at].above else { continue };
            if kept.contains(&at) {
                tops[above].push(at);
            } else {
                rest[above] += rest[at];
                let passed = std::mem::take(&mut tops[at]);
                tops[above].extend(passed);
            }
        }
        kept.contains(&0).then_some(kept)
    }
}

/// Arithmetic modulo a prime. What is not zero here is not zero among the rationals; the converse fails where a determinant of zeros and ones happens to be a multiple of it.
const PRIME: u64 = (1 << 61) - 1;

fn times(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "both halves are below 2^61")]
    let (low, high) = ((product & u128::from(PRIME)) as u64, (product >> 61) as u64);
    plus(low, high)
}

const fn plus(a: u64, b: u64) -> u64 {
    let sum = a + b;
    if sum >= PRIME { sum - PRIME } else { sum }
}

const fn minus(a: u64, b: u64) -> u64 {
    plus(a, PRIME - b)
}

fn inverse(a: u64) -> u64 {
    let (mut power, mut left, mut result) = (a, PRIME - 2, 1);
    while left > 0 {
        if left & 1 == 1 {
            result = times(result, power);
        }
        power = times(power, power);
        left >>= 1;
    }
    result
}

/// People who are in the same groups, as far as groups are kept or may still be.
struct Kind {
    /// The lowest kept group of the hierarchy that they are in: an index into a set's representatives.
    class: usize,
    /// The crossing groups that they are in, by their number.
    crossing: Vec<usize>,
    /// How many of them are no witness yet.
    free: u32,
}

/// One of the ten sets: a representative of every class, and a further witness for every crossing group that was taken.
#[derive(Clone, Default)]
struct Set {
    /// By class: the kind of its representative.
    of_class: Vec<usize>,
    further: Vec<Further>,
}

/// A crossing group that was taken, turned so that it is zero on all witnesses before its own.
#[derive(Clone)]
struct Further {
    /// By number of a crossing group: what it is multiplied with.
    form: BTreeMap<usize, u64>,
    /// The kind of its witness.
    witness: usize,
    /// 1 / its value there.
    inverse: u64,
}

struct Witnesses {
    numbers: BTreeMap<Group, usize>,
    kinds: Vec<Kind>,
    sets: Vec<Set>,
}

impl Witnesses {
    fn of(alike: &BTreeMap<&Place, u32>, tree: &Tree, hierarchy: &Hierarchy, kept: &BTreeSet<usize>) -> Self {
        let mut numbers = BTreeMap::new();
        let mut class_of: BTreeMap<usize, usize> = BTreeMap::new();
        let mut same: BTreeMap<(usize, Vec<usize>), u32> = BTreeMap::new();
        for (place, count) in alike {
            let mut at = hierarchy.leaf(place, tree);
            while let Some(node) = at.filter(|node| !kept.contains(node)) {
                at = hierarchy.nodes[node].above;
            }
            let Some(node) = at else { continue };
            let next = class_of.len();
            let class = *class_of.entry(node).or_insert(next);
            let mut crossing = Vec::new();
            for group in place.groups(tree).filter(|group| !hierarchy.places.contains_key(group)) {
                let next = numbers.len();
                crossing.push(*numbers.entry(group).or_insert(next));
            }
            crossing.sort_unstable();
            *same.entry((class, crossing)).or_default() += count;
        }
        let mut kinds: Vec<Kind> =
            same.into_iter().map(|((class, crossing), free)| Kind { class, crossing, free }).collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.free));
        let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); class_of.len()];
        for (at, kind) in kinds.iter().enumerate() {
            of_class[kind.class].push(at);
        }
        let mut sets = vec![Set::default(); SETS];
        for set in &mut sets {
            for members in &of_class {
                // Ten at least are left of every kept group, so that there is somebody for each set.
                let Some(kind) = members.iter().copied().max_by_key(|at| (kinds[*at].free, std::cmp::Reverse(*at)))
                else {
                    continue;
                };
                kinds[kind].free = kinds[kind].free.saturating_sub(1);
                set.of_class.push(kind);
            }
        }
        Self { numbers, kinds, sets }
    }

    /// The value of a form at somebody of a kind, beside that at the representative of their class.
    fn value(&self, set: &Set, form: &BTreeMap<usize, u64>, kind: usize) -> u64 {
        let at = |kind: usize| {
            let factors = self.kinds[kind].crossing.iter().filter_map(|number| form.get(number));
            factors.fold(0, |sum, factor| plus(sum, *factor))
        };
        minus(at(kind), at(set.of_class[self.kinds[kind].class]))
    }

    /// A group as a form that is zero on all witnesses of a set.
    fn reduced(&self, set: &Set, number: usize) -> BTreeMap<usize, u64> {
        let mut form = BTreeMap::from([(number, 1)]);
        for further in &set.further {
            let value = self.value(set, &form, further.witness);
            if value == 0 {
                continue;
            }
            let factor = times(value, further.inverse);
            for (number, of) in &further.form {
                let entry = form.entry(*number).or_insert(0);
                *entry = minus(*entry, times(factor, *of));
            }
            form.retain(|_, of| *of != 0);
        }
        form
    }

    /// Takes a crossing group, if there is a further witness for it in every set, or none is needed. Says whether it may be published.
    fn take(&mut self, group: Group) -> bool {
        let Some(&number) = self.numbers.get(&group) else { return false };
        let mut found: Vec<Further> = Vec::new();
        for set in &self.sets {
            let form = self.reduced(set, number);
            let differs = |kind: &usize| self.value(set, &form, *kind) != 0;
            let Some(witness) = (0..self.kinds.len()).find(|kind| self.kinds[*kind].free > 0 && differs(kind)) else {
                // A combination of what is published already is published with it.
                let is_combination = found.is_empty() && !(0..self.kinds.len()).any(|kind| differs(&kind));
                for further in &found {
                    self.kinds[further.witness].free += 1;
                }
                return is_combination;
            };
            let value = self.value(set, &form, witness);
            self.kinds[witness].free -= 1;
            found.push(Further { form, witness, inverse: inverse(value) });
        }
        for (set, further) in self.sets.iter_mut().zip(found) {
            set.further.push(further);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn workplace(n: u8) -> WorkplaceId {
        WorkplaceId::from_bytes([n; 16])
    }
    fn department(n: u8) -> DepartmentId {
        DepartmentId::from_bytes([n; 16])
    }
    fn label(n: u8) -> LabelId {
        LabelId::from_bytes([n; 16])
    }

    fn at(department: Option<DepartmentId>, count: u32) -> (Place, u32) {
        let place =
            Place { workplace: None, department, labels: BTreeSet::new(), sex: Sex::Male, age: Some(AgeBand::From40) };
        (place, count)
    }

    /// Departments 1 to n below department 0.
    fn flat(n: u8) -> Tree {
        let below = (1..=n).map(|n| (department(n), Some(department(0))));
        Tree::new(std::iter::once((department(0), None)).chain(below)).unwrap()
    }

    fn departments(published: &BTreeMap<Group, u32>) -> Vec<u32> {
        published.iter().filter(|(group, _)| matches!(group, Group::Department(_))).map(|(_, size)| *size).collect()
    }

    #[test]
    fn r35_nine_are_nothing_and_ten_are_a_group_domain_15_2() {
        assert!(published(&[at(None, 9)], &Tree::default()).is_empty());
        assert_eq!(published(&[at(None, 10)], &Tree::default()).get(&Group::Whole), Some(&10));
        assert!(published(&[], &Tree::default()).is_empty());
    }

    #[test]
    fn r35_beside_sixteen_of_twenty_five_the_nine_would_be_known_domain_15_2() {
        let tree = flat(2);
        let shown = published(&[at(Some(department(1)), 16), at(Some(department(2)), 9)], &tree);
        assert_eq!(departments(&shown), [25], "the sixteen are hidden with the nine");
        let shown = published(&[at(Some(department(1)), 15), at(Some(department(2)), 10)], &tree);
        assert_eq!(departments(&shown), [25, 15, 10]);
        let two = [at(Some(department(1)), 16), at(Some(department(2)), 4), at(Some(department(0)), 6)];
        assert_eq!(departments(&published(&two, &tree)), [26, 16], "ten are left, of two groups");
    }

    #[test]
    fn r35_a_sex_of_nine_hides_the_other_one() {
        let of = |sex, count| (Place { sex, ..at(None, 0).0 }, count);
        let sexes = |classes: &[(Place, u32)]| {
            let shown = published(classes, &Tree::default());
            shown.keys().filter(|group| matches!(group, Group::Sex(_))).count()
        };
        assert_eq!(sexes(&[of(Sex::Male, 30), of(Sex::Female, 9)]), 0);
        assert_eq!(sexes(&[of(Sex::Male, 30), of(Sex::Female, 10)]), 2);
    }

    #[test]
    fn r35_what_everybody_asks_for_is_shown_where_groups_are_large() {
        let tree = flat(3).labelled([(department(1), label(1)), (department(2), label(1)), (department(3), label(2))]);
        let mut classes = Vec::new();
        for n in 1..=3 {
            for sex in [Sex::Male, Sex::Female] {
                for age in [AgeBand::From20, AgeBand::From50] {
                    let place = Place {
                        workplace: Some(workplace(n / 3)),
                        department: Some(department(n)),
                        labels: BTreeSet::new(),
                        sex,
                        age: Some(age),
                    };
                    classes.push((place, 12));
                }
            }
        }
        // The whole, 2 workplaces, 4 departments (the first one over both workplaces), 2 labels, 2 sexes, 2 ages.
        assert_eq!(published(&classes, &tree).len(), 13);
    }

    /// Another way to find out what published groups tell: whether, without the people of some classes, their vectors still have the rank that they have with everybody. If not, a combination
    /// of them is about those people alone. Elimination over another field than that of the code.
    fn rank(rows: &[Vec<u64>], columns: &[usize]) -> usize {
        const P: u64 = 2_147_483_647;
        let power = |mut base: u64, mut left: u64| {
            let mut result = 1;
            while left > 0 {
                if left & 1 == 1 {
                    result = result * base % P;
                }
                base = base * base % P;
                left >>= 1;
            }
            result
        };
        let mut rows: Vec<Vec<u64>> = rows.iter().map(|row| columns.iter().map(|at| row[*at]).collect()).collect();
        let mut rank = 0;
        for column in 0..columns.len() {
            let Some(pivot) = (rank..rows.len()).find(|row| rows[*row][column] != 0) else { continue };
            rows.swap(rank, pivot);
            let by = power(rows[rank][column], P - 2);
            let (top, below) = rows.split_at_mut(rank + 1);
            for row in below {
                let factor = row[column] * by % P;
                for (value, of) in row.iter_mut().zip(&top[rank]) {
                    *value = (*value + (P - factor) * of) % P;
                }
            }
            rank += 1;
        }
        rank
    }

    /// Every set of classes of fewer than ten people to which no further class could be added.
    fn small_sets(counts: &[u32]) -> Vec<Vec<usize>> {
        fn grow(counts: &[u32], from: usize, left: u32, chosen: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
            let full = (0..counts.len()).all(|at| chosen.contains(&at) || counts[at] > left);
            if full {
                all.push(chosen.clone());
            }
            for at in from..counts.len() {
                if counts[at] <= left {
                    chosen.push(at);
                    grow(counts, at + 1, left - counts[at], chosen, all);
                    chosen.pop();
                }
            }
        }
        let mut all = Vec::new();
        grow(counts, 0, LEAST - 1, &mut Vec::new(), &mut all);
        all
    }

    type Person = (Option<u8>, Option<u8>, Option<u8>, bool, bool);

    fn organisation() -> impl Strategy<Value = (Tree, Vec<(Place, u32)>)> {
        let parents = proptest::collection::vec(proptest::option::weighted(0.7, 0_u8..6), 0..6);
        let labels = proptest::collection::vec((0_u8..6, 0_u8..2), 0..3);
        let place = (
            proptest::option::weighted(0.7, 0_u8..2),
            proptest::option::weighted(0.8, 0_u8..6),
            proptest::option::weighted(0.2, 0_u8..2),
            any::<bool>(),
            any::<bool>(),
        );
        let count = prop_oneof![3 => 1_u32..12, 2 => 8_u32..14, 2 => 10_u32..60];
        let people = proptest::collection::vec((place, count), 1..14);
        (parents, labels, people).prop_map(|(parents, labels, people)| {
            let below = parents.iter().enumerate().map(|(at, parent)| {
                let at = u8::try_from(at).unwrap();
                (department(at), parent.filter(|parent| *parent < at).map(department))
            });
            let known = u8::try_from(parents.len()).unwrap();
            let carried = labels.iter().filter(|(of, _)| *of < known).map(|(of, n)| (department(*of), label(*n)));
            let tree = Tree::new(below).unwrap().labelled(carried);
            let class = |&((works_at, stands_in, carries, female, old), count): &(Person, u32)| {
                let place = Place {
                    workplace: works_at.map(workplace),
                    department: stands_in.filter(|n| *n < known).map(department),
                    labels: carries.into_iter().map(label).collect(),
                    sex: if female { Sex::Female } else { Sex::Male },
                    age: Some(if old { AgeBand::From60 } else { AgeBand::From30 }),
                };
                (place, count)
            };
            (tree, people.iter().map(class).collect())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// Done-when 3: over random organisations nothing about one to nine people can be computed from all that is published, whatever is added to and subtracted from what.
        #[test]
        fn r35_no_combination_of_published_groups_is_about_fewer_than_ten((tree, classes) in organisation()) {
            let shown = published(&classes, &tree);
            let total: u32 = classes.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(shown.get(&Group::Whole).copied(), Some(total).filter(|total| *total >= LEAST));
            prop_assert!(shown.values().all(|size| *size >= LEAST));

            let mut alike: BTreeMap<Vec<u64>, u32> = BTreeMap::new();
            for (place, count) in &classes {
                let within: BTreeSet<Group> = place.groups(&tree).collect();
                *alike.entry(shown.keys().map(|group| u64::from(within.contains(group))).collect()).or_default() += count;
            }
            let rows: Vec<Vec<u64>> =
                (0..shown.len()).map(|row| alike.keys().map(|column| column[row]).collect()).collect();
            let counts: Vec<u32> = alike.values().copied().collect();
            for (row, size) in rows.iter().zip(shown.values()) {
                let people: u64 = row.iter().zip(&counts).map(|(is_in, count)| is_in * u64::from(*count)).sum();
                prop_assert_eq!(people, u64::from(*size));
            }
            let everybody: Vec<usize> = (0..counts.len()).collect();
            let whole = rank(&rows, &everybody);
            for few in small_sets(&counts) {
                let others: Vec<usize> = everybody.iter().copied().filter(|at| !few.contains(at)).collect();
                prop_assert_eq!(rank(&rows, &others), whole, "a combination is about {:?} alone", few);
            }
        }

        /// The same people in another order are the same organisation.
        #[test]
        fn r35_the_order_of_people_does_not_matter((tree, classes) in organisation()) {
            let mut turned = classes.clone();
            turned.reverse();
            let split: Vec<(Place, u32)> =
                classes.iter().flat_map(|(place, count)| [(place.clone(), count / 2), (place.clone(), count - count / 2)]).collect();
            prop_assert_eq!(published(&classes, &tree), published(&turned, &tree));
            prop_assert_eq!(published(&classes, &tree), published(&split, &tree));
        }
    }
}
