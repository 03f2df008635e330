//! Where people work: workplaces (事業場, the legal unit), departments (部署), and the tree that departments form with the labels (ラベル) that they
//! carry. Every scope is asked for everybody in a list: the tree answers in two binary searches whether one department lies within another, and in
//! as many steps as a department is deep what holds for it.

use std::borrow::Cow;

use crate::{
    checked::{Checked, Rule, line},
    employee::code_of,
    ids::{DepartmentId, LabelId},
};

/// Rule of [`WorkplaceCode`].
#[derive(Debug)]
pub enum WorkplaceCodeRule {}
impl Rule for WorkplaceCodeRule {
    const NAME: &'static str = "WorkplaceCode";
    const CODE: &'static str = "workplace_code_invalid";
    const DETAIL: &'static str = "事業場コードは、半角の英数字・ハイフン・下線で1〜32文字にしてください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        code_of(text)
    }
}
/// A workplace's code (事業場コード), unique per tenant.
pub type WorkplaceCode = Checked<WorkplaceCodeRule>;

/// Rule of [`DepartmentCode`].
#[derive(Debug)]
pub enum DepartmentCodeRule {}
impl Rule for DepartmentCodeRule {
    const NAME: &'static str = "DepartmentCode";
    const CODE: &'static str = "department_code_invalid";
    const DETAIL: &'static str = "部署コードは、半角の英数字・ハイフン・下線で1〜32文字にしてください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        code_of(text)
    }
}
/// A department's code (部署コード), unique per tenant.
pub type DepartmentCode = Checked<DepartmentCodeRule>;

/// Rule of [`OrganisationName`].
#[derive(Debug)]
pub enum OrganisationNameRule {}
impl Rule for OrganisationNameRule {
    const NAME: &'static str = "OrganisationName";
    const CODE: &'static str = "organisation_name_invalid";
    const DETAIL: &'static str = "名称は、改行を含まない100文字以内で入力してください。";
    const PERSONAL: bool = false;

    fn normalise(text: &str) -> Option<Cow<'_, str>> {
        line(text, 100)
    }
}
/// The name of a customer, a workplace, a department or a label.
pub type OrganisationName = Checked<OrganisationNameRule>;

/// Departments stand at most this deep, counted from 1 at the top.
pub const DEEPEST: usize = 20;

/// Why departments form no tree. `N` names a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeFault<N> {
    /// A department was given twice.
    #[error("a department is there twice")]
    Duplicate(N),
    /// A department's parent is not among the departments.
    #[error("a department's parent is unknown")]
    UnknownParent(N),
    /// A department lies, over some steps, below itself.
    #[error("a department lies below itself")]
    Cycle(N),
    /// A department lies deeper than [`DEEPEST`].
    #[error("a department lies too deep")]
    TooDeep(N),
}

/// The departments of one tenant, each with all that lies below it and the labels that it carries. `N` is what departments are named by: their ids, or
/// (references to) their codes while a file is being checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree<N = DepartmentId> {
    /// Every department after its parent, and all of a department's descendants right behind it.
    preorder: Vec<N>,
    /// For each place in `preorder`, that of the department above.
    above: Vec<Option<usize>>,
    /// By name: where a department stands in `preorder`, and where what follows is no longer below it.
    spans: Vec<(N, Span)>,
    /// What each department carries itself, by name.
    labels: Vec<(N, LabelId)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    enter: usize,
    leave: usize,
}

impl<N> Default for Tree<N> {
    fn default() -> Self {
        Self { preorder: Vec::new(), above: Vec::new(), spans: Vec::new(), labels: Vec::new() }
    }
}

impl<N: Ord + Copy> Tree<N> {
    /// The tree of departments and their parents (`None`: at the top), in any order; or everything that is wrong with it.
    pub fn new(departments: impl IntoIterator<Item = (N, Option<N>)>) -> Result<Self, Vec<TreeFault<N>>> {
        let mut parents: Vec<(N, Option<N>)> = departments.into_iter().collect();
        parents.sort_by_key(|&(department, _)| department);
        let known = |name: N| parents.binary_search_by_key(&name, |&(department, _)| department).is_ok();

        let mut faults: Vec<_> =
            parents.windows(2).filter(|w| w[0].0 == w[1].0).map(|w| TreeFault::Duplicate(w[0].0)).collect();
        let orphans = parents.iter().filter(|&&(_, parent)| parent.is_some_and(|parent| !known(parent)));
        faults.extend(orphans.map(|&(department, _)| TreeFault::UnknownParent(department)));
        if !faults.is_empty() {
            return Err(faults);
        }

        let mut children = parents.clone();
        children.sort_by_key(|&(department, parent)| (parent, department));
        let mut tree = Self::default();
        tree.lay_out(&children, None, 1, &mut faults);
        tree.spans.sort_unstable_by_key(|&(department, _)| department);
        if faults.is_empty() {
            let in_cycle = parents.iter().filter(|&&(department, _)| tree.span(department).is_none());
            faults.extend(in_cycle.map(|&(department, _)| TreeFault::Cycle(department)));
        }
        if faults.is_empty() { Ok(tree) } else { Err(faults) }
    }

    /// The same tree, whose departments carry these labels.
    #[must_use]
    pub fn labelled(mut self, labels: impl IntoIterator<Item = (N, LabelId)>) -> Self {
        self.labels = labels.into_iter().collect();
        self.labels.sort_unstable();
        self
    }

    /// Lays out everything below what stands at `above`; `children` is sorted by parent. Cycles are never entered: nothing leads there.
    fn lay_out(
        &mut self,
        children: &[(N, Option<N>)],
        above: Option<usize>,
        depth: usize,
        faults: &mut Vec<TreeFault<N>>,
    ) {
        let parent = above.map(|at| self.preorder[at]);
        let from = children.partition_point(|&(_, of)| of < parent);
        for &(department, _) in children[from..].iter().take_while(|&&(_, of)| of == parent) {
            if depth > DEEPEST {
                faults.push(TreeFault::TooDeep(department));
                continue;
            }
            let enter = self.preorder.len();
            self.preorder.push(department);
            self.above.push(above);
            self.lay_out(children, Some(enter), depth + 1, faults);
            self.spans.push((department, Span { enter, leave: self.preorder.len() }));
        }
    }

    fn span(&self, department: N) -> Option<Span> {
        let at = self.spans.binary_search_by_key(&department, |&(name, _)| name).ok()?;
        Some(self.spans[at].1)
    }

    /// Whether `department` is `ancestor` or lies below it. An unknown department lies nowhere.
    #[must_use]
    pub fn is_within(&self, department: N, ancestor: N) -> bool {
        match (self.span(department), self.span(ancestor)) {
            (Some(inner), Some(outer)) => outer.enter <= inner.enter && inner.enter < outer.leave,
            _ => false,
        }
    }

    /// The department and every one above it, from below; nothing for an unknown one.
    pub fn with_ancestors(&self, department: N) -> impl Iterator<Item = N> {
        let from = self.span(department).map(|span| span.enter);
        std::iter::successors(from, |at| self.above[*at]).map(|at| self.preorder[at])
    }

    /// The labels that hold for whoever stands in `department`: its own, and those of every department above it.
    pub fn labels(&self, department: N) -> impl Iterator<Item = LabelId> {
        self.with_ancestors(department).flat_map(|of| {
            let own = self.labels.partition_point(|(department, _)| *department < of);
            self.labels[own..].iter().take_while(move |(department, _)| *department == of).map(|(_, label)| *label)
        })
    }

    /// The department and all that lies below it, parents before children; nothing for an unknown one.
    #[must_use]
    pub fn with_descendants(&self, department: N) -> &[N] {
        self.span(department).map_or(&[], |span| &self.preorder[span.enter..span.leave])
    }

    /// All departments, parents before children.
    #[must_use]
    pub fn all(&self) -> &[N] {
        &self.preorder
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Tree<&'static str> {
        Tree::new([
            ("D211", Some("D210")),
            ("D200", None),
            ("D210", Some("D200")),
            ("D220", Some("D200")),
            ("D100", None),
        ])
        .unwrap()
    }

    #[test]
    fn r02_a_scope_reaches_all_that_lies_below() {
        let tree = sample();
        assert!(tree.is_within("D211", "D200") && tree.is_within("D211", "D210") && tree.is_within("D200", "D200"));
        assert!(!tree.is_within("D200", "D211") && !tree.is_within("D220", "D210") && !tree.is_within("D211", "D100"));
        assert_eq!(tree.with_descendants("D200"), ["D200", "D210", "D211", "D220"]);
    }

    #[test]
    fn r02_an_unknown_department_lies_nowhere_not_even_within_itself() {
        let tree = sample();
        assert!(!tree.is_within("X", "X") && !tree.is_within("D200", "X") && !tree.is_within("X", "D200"));
        assert!(tree.with_descendants("X").is_empty());
    }

    #[test]
    fn r02_a_departments_labels_hold_for_all_that_lies_below() {
        let label = |n| LabelId::from_bytes([n; 16]);
        let tree = sample().labelled([("D200", label(1)), ("D211", label(2)), ("D100", label(3)), ("X", label(4))]);
        let labels = |department| tree.labels(department).collect::<Vec<_>>();
        assert_eq!(labels("D211"), [label(2), label(1)]);
        assert_eq!((labels("D210"), labels("D200"), labels("D100")), (vec![label(1)], vec![label(1)], vec![label(3)]));
        assert!(labels("X").is_empty(), "an unknown department carries nothing");
    }

    #[test]
    fn departments_that_form_no_tree_are_named() {
        assert_eq!(Tree::new([("A", None), ("A", None)]), Err(vec![TreeFault::Duplicate("A")]));
        assert_eq!(Tree::new([("A", Some("B"))]), Err(vec![TreeFault::UnknownParent("A")]));
        let cycle = Tree::new([("A", Some("B")), ("B", Some("C")), ("C", Some("B")), ("D", None), ("E", Some("E"))]);
        assert_eq!(cycle, Err(["A", "B", "C", "E"].map(TreeFault::Cycle).to_vec()));
    }

    #[test]
    fn departments_stand_at_most_twenty_deep() {
        let chain = |length: u32| Tree::new((1..=length).map(|n| (n, (n > 1).then(|| n - 1))));
        assert_eq!(chain(20).unwrap().all().len(), 20);
        assert_eq!(chain(22), Err(vec![TreeFault::TooDeep(21)]));
    }

    #[test]
    fn codes_are_normalised() {
        assert_eq!(DepartmentCode::parse("Ｄ２１０").unwrap().as_str(), "D210");
        assert!(WorkplaceCode::parse("東京").is_err());
        assert_eq!(OrganisationName::parse(" ﾄｳｷﾖｳ支社 ").unwrap().as_str(), "トウキヨウ支社");
    }

    proptest! {
        /// Each department's parent is one of those before it: whatever the shape, `is_within` says what climbing says.
        #[test]
        fn r02_within_is_what_climbing_from_parent_to_parent_finds(picks in proptest::collection::vec(0_usize..8, 1..60)) {
            let mut parents: Vec<Option<usize>> = vec![None];
            for (n, pick) in picks.iter().enumerate() {
                parents.push((n + 1).checked_sub(pick + 1));
            }
            let Ok(tree) = Tree::new(parents.iter().copied().enumerate()) else { return Ok(()) };
            for inner in 0..parents.len() {
                for outer in 0..parents.len() {
                    let climbed = std::iter::successors(Some(inner), |&at| parents[at]).any(|at| at == outer);
                    prop_assert_eq!(tree.is_within(inner, outer), climbed);
                    prop_assert_eq!(tree.with_descendants(outer).contains(&inner), climbed);
                    prop_assert_eq!(tree.with_ancestors(inner).any(|above| above == outer), climbed);
                }
            }
        }
    }
}
