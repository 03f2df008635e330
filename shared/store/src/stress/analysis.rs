//! Group analysis of a round (集団分析): made once after the round has closed, kept as figures of those groups alone that may be published
//! ([`domain::stress::suppression`]), and read from there by everybody, each within their reach. Whoever reads figures reads this and never answers.
//!
//! | partition | sort key | what it holds |
//! | --- | --- | --- |
//! | `STRESSANALYSIS#<round>` | `SNAPSHOT` | when it was made and by whom; sealed what it is about |
//! | `STRESSANALYSIS#<round>` | `GROUPS#<number>` | groups with their names and figures, sealed |
//!
//! There is no second analysis of a round: two that are an answer apart would tell the answer.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use authz::{
    Permit, Reach,
    permission::{AnalyseStress, ViewStressAnalysis},
};
use domain::{
    employee::Sex,
    ids::{AccountId, DepartmentId, LabelId, StressRoundId, TenantId, WorkplaceId},
    organisation::Tree,
    stress::{
        analysis::Tally,
        answers::Answers,
        questionnaire::Questionnaire,
        round::{RoundState, SETTLING_SECONDS},
        scales::Columns,
        suppression::{AgeBand, Group, Place, published},
    },
    time::{Jst, age_on},
};
use futures_util::future::{try_join, try_join_all};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{SCHEMA, confidant::Insight, rounds};
use crate::{
    Conflict, Error, Prepared, Store, Write,
    callers::{somebody, whole_tenant},
    db::Range,
    employees::Employee,
    item::{Attributes, Sealed, Stored, as_text, from_item},
    key::{Family, Key, Table, partition, shards},
    organisation::{Department, Label, Unit, Workplace},
};

/// The attribute that is sealed in both kinds of items.
const CONTENTS: &str = "contents";
/// How many groups one item holds: some 300 bytes each, well below the 400 KB of an item.
const GROUPS: usize = 500;
/// How many items of groups there are at most: a transaction takes a hundred items, and 4 MB.
const MOST_PARTS: usize = 20;
/// How many employees are read at a time, of each shard.
const PAGE: usize = 250;

/// What is clear of an analysis.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Head {
    round: StressRoundId,
    made_by: AccountId,
    made_at: Jst,
    contents: Sealed,
}

#[derive(Debug, Serialize, Deserialize)]
struct Part {
    contents: Sealed,
}

/// What an analysis is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AnalysisOf {
    /// What the round is called.
    pub title: String,
    /// What was asked.
    pub questionnaire: Questionnaire,
    /// The day on which it was looked where people stand, and how old they are.
    pub as_of: Date,
    /// Whether health risks are told.
    pub with_risks: bool,
}

/// A group that is published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalysedGroup {
    /// Which.
    pub group: Group,
    /// What it was called when the analysis was made.
    pub name: String,
    /// What its answers add up to.
    pub tally: Tally,
}

/// An analysis, with those of its groups that its reader reaches.
#[derive(Debug, Clone)]
pub struct StressAnalysis {
    /// Which round.
    pub round: StressRoundId,
    /// Who made it.
    pub made_by: AccountId,
    /// When.
    pub made_at: Jst,
    /// What it is about.
    pub of: AnalysisOf,
    /// The groups, in a fixed order: the whole, workplaces, departments, labels, sexes, age bands.
    pub groups: Vec<AnalysedGroup>,
}

fn head_key(tenant: TenantId, round: StressRoundId) -> Key {
    Key::new(Table::Records, tenant, Family::StressAnalysis, round, "SNAPSHOT")
}

fn part_key(tenant: TenantId, round: StressRoundId, number: usize) -> Key {
    Key::new(Table::Records, tenant, Family::StressAnalysis, round, format_args!("GROUPS#{number:04}"))
}

/// Whether a reader sees a group: all who are in it are within their reach, whoever they are.
fn is_within(reach: &Reach, group: &Group) -> bool {
    match group {
        Group::Whole | Group::Sex(_) | Group::Age(_) => reach.is_everybody(),
        Group::Workplace(id) => reach.covers(&Workplace::somebody_in(*id)),
        Group::Department(id) => reach.covers(&Department::somebody_in(*id)),
        Group::Label(id) => reach.covers(&Label::somebody_in(*id)),
    }
}

/// What is to be looked at of people.
struct Look {
    insight: Insight,
    round: StressRoundId,
    as_of: Date,
    other_sex: Columns,
}

impl Store {
    /// Analyses a round that has closed: once, for the whole tenant, by somebody who was appointed for it.
    pub async fn analyse_stress_round(
        &self,
        permit: &Permit<AnalyseStress>,
        round: StressRoundId,
        with_risks: bool,
    ) -> Result<Prepared<StressAnalysis>, Error> {
        let (insight, round) = self.trusted_round(permit, round).await?;
        whole_tenant(permit)?;
        let (tenant, id, now) = (permit.tenant(), round.record.id, self.clock.now());
        let closed_at = round.record.closed_at.filter(|at| at.plus_seconds(SETTLING_SECONDS) <= now);
        let is_closed = matches!(round.record.state, RoundState::Closed | RoundState::Archived);
        let Some(closed_at) = closed_at.filter(|_| is_closed) else { return Err(Conflict::WrongState.into()) };
        if self.load::<Head>(&head_key(tenant, id)).await?.is_some() {
            return Err(Conflict::WrongState.into());
        }
        if round.record.answers_over_at.is_some() {
            return Err(Conflict::AnswersDeleted.into());
        }
        let criteria = &round.plan.criteria;
        let as_of = closed_at.date();
        let tree = self.tree_now(tenant).await?;
        let look = Look { insight, round: id, as_of, other_sex: criteria.other_sex() };
        let tallies = self.tallies(&look, &tree).await?;
        let classes: Vec<(Place, u32)> =
            tallies.iter().map(|(place, tally)| (place.clone(), tally.respondents())).collect();
        let mut groups: BTreeMap<Group, Tally> =
            published(&classes, &tree).into_keys().map(|group| (group, Tally::default())).collect();
        for (place, tally) in &tallies {
            for group in place.groups(&tree) {
                if let Some(sum) = groups.get_mut(&group) {
                    sum.merge(tally);
                }
            }
        }
        let groups = self.with_names(tenant, groups).await?;
        let of = AnalysisOf {
            title: round.plan.title.as_str().to_owned(),
            questionnaire: criteria.questionnaire(),
            as_of,
            with_risks,
        };
        let analysis = StressAnalysis { round: id, made_by: somebody(permit)?, made_at: now, of, groups };
        let mut write = self.put_analysis(tenant, &analysis).await?;
        // Answers that begin to go meanwhile were counted in part.
        let whole = "attribute_not_exists(answers_over_at)";
        let place = rounds::key(tenant, id);
        write.check(self, place, whole, Attributes::new(), || Conflict::AnswersDeleted.into())?;
        let event = self.event(permit, "stress_analysis.make")?.on(id);
        Ok(Prepared { thing: analysis, write, event })
    }

    async fn put_analysis(&self, tenant: TenantId, analysis: &StressAnalysis) -> Result<Write, Error> {
        let StressAnalysis { round, made_by, made_at, of, groups } = analysis;
        if groups.len().div_ceil(GROUPS) > MOST_PARTS {
            return Err(Conflict::TooMany.into());
        }
        let mut write = Write::new();
        let again = || Conflict::WrongState.into();
        for (number, some) in groups.chunks(GROUPS).enumerate() {
            let key = part_key(tenant, *round, number);
            let contents = self.seal(tenant, Purpose::Stress, &key, CONTENTS, some).await?;
            write.create(self, key, SCHEMA, &Part { contents }, again)?;
        }
        let key = head_key(tenant, *round);
        let contents = self.seal(tenant, Purpose::Stress, &key, CONTENTS, of).await?;
        let head = Head { round: *round, made_by: *made_by, made_at: *made_at, contents };
        write.create(self, key, SCHEMA, &head, again)?;
        Ok(write)
    }

    /// The analysis of a round, as far as the caller reaches; none where it was not made.
    pub async fn stress_analysis(
        &self,
        permit: &Permit<ViewStressAnalysis>,
        round: StressRoundId,
    ) -> Result<StressAnalysis, Error> {
        let analysis = self.load_analysis(permit, round).await?;
        self.tell(self.event(permit, "stress_analysis.read")?.on(round)).await?;
        Ok(analysis)
    }

    /// The analyses of a round and of one before it; the trail tells of both.
    pub async fn stress_analyses(
        &self,
        permit: &Permit<ViewStressAnalysis>,
        round: StressRoundId,
        before: Option<StressRoundId>,
    ) -> Result<(StressAnalysis, Option<StressAnalysis>), Error> {
        let Some(before) = before else { return Ok((self.stress_analysis(permit, round).await?, None)) };
        let (now, then) = try_join(self.load_analysis(permit, round), self.load_analysis(permit, before)).await?;
        self.tell(self.event(permit, "stress_analysis.read")?.on(round).on(before)).await?;
        Ok((now, Some(then)))
    }

    async fn load_analysis(
        &self,
        permit: &Permit<ViewStressAnalysis>,
        round: StressRoundId,
    ) -> Result<StressAnalysis, Error> {
        let tenant = permit.tenant();
        let key = head_key(tenant, round);
        let Stored { record: Head { made_by, made_at, contents, .. }, .. } =
            self.load::<Head>(&key).await?.ok_or(Error::NotFound)?;
        let of: AnalysisOf = self.open(tenant, Purpose::Stress, &key, CONTENTS, &contents).await?;
        let range =
            Range::whole(Table::Records, Family::StressAnalysis, partition(tenant, Family::StressAnalysis, round));
        let mut groups = Vec::new();
        for (number, item) in self.db.query_all(range.starting_with("GROUPS#")).await?.into_iter().enumerate() {
            let Some(Stored { record: Part { contents }, .. }) = from_item(item, self.clock.now())? else { continue };
            let key = part_key(tenant, round, number);
            let part: Vec<AnalysedGroup> = self.open(tenant, Purpose::Stress, &key, CONTENTS, &contents).await?;
            groups.extend(part.into_iter().filter(|group| is_within(permit.reach(), &group.group)));
        }
        if groups.is_empty() && !permit.reach().is_everybody() {
            return Err(Error::NotFound);
        }
        Ok(StressAnalysis { round, made_by, made_at, of, groups })
    }

    /// The department tree as it stands now.
    async fn tree_now(&self, tenant: TenantId) -> Result<Arc<Tree>, Error> {
        let of = self.load_tenant(tenant).await?.ok_or(Error::NotFound)?.record;
        self.tree(tenant, of.organisation_version).await
    }

    /// What the answers of people who stand alike add up to. All shards at once, of each a page of answers and one or two of employees: what is in memory grows with the organisation, not
    /// with the number of people.
    async fn tallies(&self, look: &Look, tree: &Tree) -> Result<BTreeMap<Place, Tally>, Error> {
        let shards: Vec<String> = shards().collect();
        let parts = try_join_all(shards.iter().map(|shard| self.tallies_of_shard(look, tree, shard))).await?;
        let mut whole: BTreeMap<Place, Tally> = BTreeMap::new();
        for (place, tally) in parts.into_iter().flatten() {
            whole.entry(place).or_default().merge(&tally);
        }
        Ok(whole)
    }

    async fn tallies_of_shard(&self, look: &Look, tree: &Tree, shard: &str) -> Result<BTreeMap<Place, Tally>, Error> {
        let tenant = look.insight.tenant();
        let of_shard = partition(tenant, Family::Employee, shard);
        let mut register = Some(Range::whole(Table::Records, Family::Employee, of_shard).limit(PAGE));
        let mut people: VecDeque<Employee> = VecDeque::new();
        let mut tallies: BTreeMap<Place, Tally> = BTreeMap::new();
        let mut after = None;
        loop {
            let (page, next) = self.submitted_answers(&look.insight, look.round, shard, after).await?;
            for (id, answers) in page {
                // Both lists stand in the order of ids. Whoever is no employee any more stands nowhere.
                let employee = loop {
                    match people.front() {
                        Some(first) if first.id < id => _ = people.pop_front(),
                        Some(first) if first.id == id => break people.pop_front(),
                        Some(_) => break None,
                        None => match register.take() {
                            Some(range) => register = self.next_of_register(range, &mut people).await?,
                            None => break None,
                        },
                    }
                };
                if let Some(employee) = employee {
                    self.count_one(look, tree, &employee, &answers, &mut tallies).await?;
                }
            }
            after = next;
            if after.is_none() {
                return Ok(tallies);
            }
        }
    }

    /// Reads on in the register; where to go on, if it goes on.
    async fn next_of_register(&self, range: Range, people: &mut VecDeque<Employee>) -> Result<Option<Range>, Error> {
        let (items, more) = self.db.query(&range).await?;
        let last = items.last().and_then(|item| as_text(item, "sk").map(str::to_owned));
        let now = self.clock.now();
        for item in items {
            people.extend(from_item::<Employee>(item, now)?.map(|stored| stored.record));
        }
        Ok(more.then(|| range.after(last)))
    }

    /// Counts one person where they stand.
    async fn count_one(
        &self,
        look: &Look,
        tree: &Tree,
        employee: &Employee,
        answers: &Answers,
        tallies: &mut BTreeMap<Place, Tally>,
    ) -> Result<(), Error> {
        let attributes = self.open_attributes(look.insight.tenant(), employee).await?;
        let placement = employee.placement(look.as_of);
        let place = Place {
            workplace: placement.workplace,
            department: placement.department.filter(|department| tree.is_within(*department, *department)),
            labels: placement.labels,
            sex: attributes.sex,
            age: age_on(attributes.birth_date.date(), look.as_of).map(AgeBand::of),
        };
        let columns = Columns::of(attributes.sex, look.other_sex);
        // Whoever left something open makes no class of their own.
        let mut one = Tally::default();
        if one.add(answers, columns) {
            tallies.entry(place).or_default().merge(&one);
        }
        Ok(())
    }

    /// Groups with what they are called now.
    async fn with_names(&self, tenant: TenantId, groups: BTreeMap<Group, Tally>) -> Result<Vec<AnalysedGroup>, Error> {
        let (mut workplaces, mut departments, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for group in groups.keys() {
            match group {
                Group::Workplace(id) => workplaces.push(*id),
                Group::Department(id) => departments.push(*id),
                Group::Label(id) => labels.push(*id),
                Group::Whole | Group::Sex(_) | Group::Age(_) => {}
            }
        }
        let workplaces: BTreeMap<WorkplaceId, String> = self
            .load_units::<Workplace>(tenant, &workplaces)
            .await?
            .into_iter()
            .flatten()
            .map(|of| (of.record.id, of.record.name.to_string()))
            .collect();
        let departments: BTreeMap<DepartmentId, String> = self
            .load_units::<Department>(tenant, &departments)
            .await?
            .into_iter()
            .flatten()
            .map(|of| (of.record.id, of.record.name.to_string()))
            .collect();
        let labels: BTreeMap<LabelId, String> = self
            .load_units::<Label>(tenant, &labels)
            .await?
            .into_iter()
            .flatten()
            .map(|of| (of.record.id, of.record.name.to_string()))
            .collect();
        let name = |group: &Group| match group {
            Group::Whole => Some("全体".to_owned()),
            Group::Workplace(id) => workplaces.get(id).cloned(),
            Group::Department(id) => departments.get(id).cloned(),
            Group::Label(id) => labels.get(id).cloned(),
            Group::Sex(Sex::Male) => Some("男性".to_owned()),
            Group::Sex(Sex::Female) => Some("女性".to_owned()),
            Group::Sex(Sex::Other) => Some("その他・無回答".to_owned()),
            Group::Age(band) => Some(band.japanese().to_owned()),
        };
        let groups = groups.into_iter().map(|(group, tally)| {
            let name = name(&group).unwrap_or_default();
            AnalysedGroup { group, name, tally }
        });
        Ok(groups.collect())
    }
}
