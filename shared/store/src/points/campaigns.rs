//! Campaigns (健康キャンペーン): who takes part, what all of them come to, and a ranking of those who want to stand in one. Standings are made by the close of a day from what is fixed,
//! whole and anew each time: what was lost, came twice or in another order makes no difference.
//!
//! | | |
//! | --- | --- |
//! | `CAMPAIGN#`/`cpn_…` | the campaign, in the clear: it is nobody's data |
//! | `CAMPAIGN#<campaign>`/`emp_…` | who takes part since when; sealed (`lifelog`): the name to stand under, sums of closed days |
//! | `CAMPAIGN#<campaign>`/`STANDINGS` | how many took part; sealed: what they come to, and the ranking |

use authz::{
    Permit,
    permission::{JoinCampaigns, ManageCampaigns, ViewCampaigns},
};
use domain::{
    ids::{CampaignId, EmployeeId, TenantId},
    lifelog::Metric,
    points::rules::RuleName,
    time::Jst,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vault::Purpose;

use super::{FEWEST, SCHEMA};
use crate::{
    Conflict, Error, Prepared, Store, Write,
    callers::whole_tenant,
    db::Range,
    item::{Sealed, Stored, as_text, from_item, to_item},
    key::{Family, Key, Table, partition},
};

const SHARE: &str = "share";
const RESULT: &str = "result";
/// How many campaigns a tenant has at most.
const MOST_CAMPAIGNS: usize = 200;
/// How many places a ranking has.
const PLACES: usize = 100;

/// What a campaign is to be.
#[derive(Debug, Clone)]
pub struct NewCampaign {
    /// What people read.
    pub name: RuleName,
    /// What counts.
    pub metric: Metric,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

/// A campaign.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// What people read.
    pub name: RuleName,
    /// What counts.
    pub metric: Metric,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// When it was made.
    pub created_at: Jst,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MemberRecord {
    pub(super) employee: EmployeeId,
    pub(super) joined_at: Jst,
    /// Wants to stand in the ranking.
    pub(super) ranked: bool,
    /// The last day that is in the sums.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) counted_until: Option<Date>,
    pub(super) share: Sealed,
}

/// What is sealed of somebody who takes part.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Share {
    /// Under which name they stand in the ranking.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) nickname: Option<RuleName>,
    /// The sum of closed days, and how many there were.
    pub(super) sum: i64,
    pub(super) days: u32,
    /// The same of days that a device measured: nothing else is ranked.
    pub(super) device_sum: i64,
    pub(super) device_days: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct StandingsRecord {
    people: u64,
    until: Date,
    result: Sealed,
    made_at: Jst,
}

#[derive(Serialize, Deserialize)]
struct Standings {
    sum: i64,
    days: u64,
    ranking: Vec<(RuleName, i64)>,
}

/// A place of a ranking.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// Which place; those with the same value share it.
    pub place: u32,
    /// Under which name.
    pub nickname: RuleName,
    /// The sum of the days that a device measured, in the metric's decimals.
    pub value: i64,
}

/// What a campaign comes to, up to the last day that is closed.
#[derive(Debug, Clone)]
pub struct CampaignResult {
    /// The campaign.
    pub campaign: Campaign,
    /// Up to which day; none before the first one is closed.
    pub until: Option<Date>,
    /// How many people there are values of; none under ten.
    pub people: Option<u64>,
    /// The sum of all; none under ten people.
    pub sum: Option<i64>,
    /// How many days of people it is of; none under ten people.
    pub days: Option<u64>,
    /// The ranking; empty under ten people.
    pub ranking: Vec<Ranked>,
}

/// How somebody takes part.
#[derive(Debug, Clone, Default)]
pub struct Participation {
    /// Since when; none: they do not.
    pub joined_at: Option<Jst>,
    /// Under which name they stand in the ranking; none: they do not.
    pub nickname: Option<RuleName>,
    /// Their own sum of closed days.
    pub sum: i64,
    /// How many days it is of.
    pub days: u32,
}

/// How somebody wants to take part.
#[derive(Debug, Clone)]
pub struct ParticipationChange {
    /// Under which name they want to stand in the ranking; none: not at all.
    pub nickname: Option<RuleName>,
}

pub(super) fn key(tenant: TenantId, id: CampaignId) -> Key {
    Key::new(Table::Records, tenant, Family::Campaign, "", id)
}

pub(super) fn member_key(tenant: TenantId, id: CampaignId, employee: EmployeeId) -> Key {
    Key::new(Table::Records, tenant, Family::Campaign, id, employee)
}

fn standings_key(tenant: TenantId, id: CampaignId) -> Key {
    Key::new(Table::Records, tenant, Family::Campaign, id, "STANDINGS")
}

impl Store {
    /// All campaigns of the permit's tenant, the newest first.
    pub async fn campaigns(&self, permit: &Permit<ViewCampaigns>) -> Result<Vec<Campaign>, Error> {
        self.all_campaigns(permit.tenant()).await
    }

    /// Makes a campaign: for those who reach the whole company, for everybody may take part.
    pub async fn create_campaign(
        &self,
        permit: &Permit<ManageCampaigns>,
        new: NewCampaign,
    ) -> Result<Prepared<Campaign>, Error> {
        whole_tenant(permit)?;
        let tenant = permit.tenant();
        if self.all_campaigns(tenant).await?.len() >= MOST_CAMPAIGNS {
            return Err(Conflict::TooMany.into());
        }
        let NewCampaign { name, metric, from, to } = new;
        let campaign = Campaign { id: self.new_id()?, name, metric, from, to, created_at: self.clock.now() };
        let mut write = Write::new();
        let twice = || Error::Internal("a campaign's id came twice".to_owned());
        write.create(self, key(tenant, campaign.id), SCHEMA, &campaign, twice)?;
        let event = self.event(permit, "campaign.create")?.on(campaign.id);
        Ok(Prepared { thing: campaign, write, event })
    }

    /// What a campaign comes to.
    pub async fn campaign_result(
        &self,
        permit: &Permit<ViewCampaigns>,
        id: CampaignId,
    ) -> Result<CampaignResult, Error> {
        let tenant = permit.tenant();
        let campaign = self.load_campaign(tenant, id).await?;
        let standings_key = standings_key(tenant, id);
        let Some(stored) = self.load::<StandingsRecord>(&standings_key).await? else {
            let ranking = Vec::new();
            return Ok(CampaignResult { campaign, until: None, people: None, sum: None, days: None, ranking });
        };
        let record = stored.record;
        let enough = record.people >= FEWEST as u64;
        let result: Standings = self.open(tenant, Purpose::Lifelog, &standings_key, RESULT, &record.result).await?;
        let mut ranking: Vec<Ranked> = Vec::new();
        for ((nickname, value), at) in result.ranking.into_iter().filter(|_| enough).zip(1_u32..) {
            let place = ranking.last().filter(|before| before.value == value).map_or(at, |before| before.place);
            ranking.push(Ranked { place, nickname, value });
        }
        Ok(CampaignResult {
            campaign,
            until: Some(record.until),
            people: enough.then_some(record.people),
            sum: enough.then_some(result.sum),
            days: enough.then_some(result.days),
            ranking,
        })
    }

    /// How the permit's holder takes part.
    pub async fn participation(
        &self,
        permit: &Permit<JoinCampaigns>,
        id: CampaignId,
    ) -> Result<Stored<Participation>, Error> {
        let (tenant, employee) = (permit.tenant(), oneself(permit)?);
        self.load_campaign(tenant, id).await?;
        let Some(Stored { record, version }) = self.load_member(tenant, id, employee).await? else {
            return Ok(Stored { record: Participation::default(), version: 0 });
        };
        let (member, share) = record;
        Ok(Stored { record: participation(&member, share), version })
    }

    /// Takes part, or says anew under which name.
    pub async fn take_part(
        &self,
        permit: &Permit<JoinCampaigns>,
        id: CampaignId,
        version: u64,
        change: ParticipationChange,
    ) -> Result<Prepared<Stored<Participation>>, Error> {
        let (tenant, employee) = (permit.tenant(), oneself(permit)?);
        let campaign = self.load_campaign(tenant, id).await?;
        let before = self.load_member(tenant, id, employee).await?;
        if before.as_ref().map_or(0, |stored| stored.version) != version {
            return Err(Error::Stale);
        }
        if campaign.to < self.today() {
            return Err(Conflict::WrongState.into());
        }
        let (joined_at, counted_until, share) = match before {
            Some(Stored { record: (member, share), .. }) => (member.joined_at, member.counted_until, share),
            None => (self.clock.now(), None, Share::default()),
        };
        let share = Share { nickname: change.nickname.clone(), ..share };
        let key = member_key(tenant, id, employee);
        let member = MemberRecord {
            employee,
            joined_at,
            ranked: change.nickname.is_some(),
            counted_until,
            share: self.seal(tenant, Purpose::Lifelog, &key, SHARE, &share).await?,
        };
        let mut write = Write::new();
        let item = to_item(&key, version + 1, SCHEMA, &member)?;
        write.put_over(self, key, item, Some(version).filter(|version| *version > 0), || Error::Stale)?;
        let event = self.event(permit, "campaign.join")?.on(id).on(employee);
        Ok(Prepared { thing: Stored { record: participation(&member, share), version: version + 1 }, write, event })
    }

    /// Does not take part any more: what was counted goes with it.
    pub async fn leave_campaign(
        &self,
        permit: &Permit<JoinCampaigns>,
        id: CampaignId,
        version: u64,
    ) -> Result<Prepared<()>, Error> {
        let (tenant, employee) = (permit.tenant(), oneself(permit)?);
        self.load_campaign(tenant, id).await?;
        let there = self.load_member(tenant, id, employee).await?.ok_or(Error::NotFound)?;
        if there.version != version {
            return Err(Error::Stale);
        }
        let mut write = Write::new();
        write.delete(self, member_key(tenant, id, employee), Some(version))?;
        let event = self.event(permit, "campaign.leave")?.on(id).on(employee);
        Ok(Prepared { thing: (), write, event })
    }

    pub(super) async fn all_campaigns(&self, tenant: TenantId) -> Result<Vec<Campaign>, Error> {
        let range =
            Range::whole(Table::Records, Family::Campaign, partition(tenant, Family::Campaign, "")).descending();
        let now = self.clock.now();
        let items = self.db.query_all(range).await?.into_iter();
        let campaigns = items.filter_map(|item| from_item::<Campaign>(item, now).transpose());
        campaigns.map(|stored| stored.map(|stored| stored.record)).collect()
    }

    async fn load_campaign(&self, tenant: TenantId, id: CampaignId) -> Result<Campaign, Error> {
        Ok(self.load::<Campaign>(&key(tenant, id)).await?.ok_or(Error::NotFound)?.record)
    }

    pub(super) async fn load_member(
        &self,
        tenant: TenantId,
        id: CampaignId,
        employee: EmployeeId,
    ) -> Result<Option<Stored<(MemberRecord, Share)>>, Error> {
        let key = member_key(tenant, id, employee);
        let Some(Stored { record, version }) = self.load::<MemberRecord>(&key).await? else { return Ok(None) };
        let share = self.open(tenant, Purpose::Lifelog, &key, SHARE, &record.share).await?;
        Ok(Some(Stored { record: (record, share), version }))
    }

    /// Adds a day to what somebody comes to, if it was not yet; a day is counted once, however often it is told.
    pub(super) async fn count_day(
        &self,
        tenant: TenantId,
        id: CampaignId,
        employee: EmployeeId,
        day: Date,
        (value, by_device): (i64, bool),
    ) -> Result<(), Error> {
        loop {
            let Some(Stored { record: (mut member, mut share), version }) =
                self.load_member(tenant, id, employee).await?
            else {
                return Ok(());
            };
            if member.counted_until.is_some_and(|until| day <= until) {
                return Ok(());
            }
            member.counted_until = Some(day);
            share.sum += value;
            share.days += 1;
            if by_device {
                share.device_sum += value;
                share.device_days += 1;
            }
            let key = member_key(tenant, id, employee);
            member.share = self.seal(tenant, Purpose::Lifelog, &key, SHARE, &share).await?;
            let item = to_item(&key, version + 1, SCHEMA, &member)?;
            if self.db.put_if(&key, item, Some(version)).await? {
                return Ok(());
            }
        }
    }

    /// Makes a campaign's standings anew, of all who take part and of what is closed up to `until`.
    pub(super) async fn make_standings(
        &self,
        tenant: TenantId,
        campaign: &Campaign,
        until: Date,
        excluded: &std::collections::BTreeSet<EmployeeId>,
    ) -> Result<(), Error> {
        let range = Range::whole(Table::Records, Family::Campaign, partition(tenant, Family::Campaign, campaign.id));
        let now = self.clock.now();
        let (mut people, mut result) = (0, Standings { sum: 0, days: 0, ranking: Vec::new() });
        for item in self.db.query_all(range.starting_with("emp_")).await? {
            let Some(employee) = as_text(&item, "sk").and_then(|sk| sk.parse::<EmployeeId>().ok()) else { continue };
            let Some(Stored { record, .. }) = from_item::<MemberRecord>(item, now)? else { continue };
            let key = member_key(tenant, campaign.id, employee);
            let share: Share = self.open(tenant, Purpose::Lifelog, &key, SHARE, &record.share).await?;
            if share.days > 0 {
                people += 1;
                result.sum += share.sum;
                result.days += u64::from(share.days);
            }
            if let Some(nickname) = share.nickname.filter(|_| record.ranked && share.device_days > 0)
                && !excluded.contains(&employee)
            {
                result.ranking.push((nickname, share.device_sum));
            }
        }
        result.ranking.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        result.ranking.truncate(PLACES);
        let key = standings_key(tenant, campaign.id);
        let record = StandingsRecord {
            people,
            until: until.min(campaign.to),
            result: self.seal(tenant, Purpose::Lifelog, &key, RESULT, &result).await?,
            made_at: now,
        };
        let there = self.load::<StandingsRecord>(&key).await?.map(|stored| stored.version);
        let item = to_item(&key, there.unwrap_or(0) + 1, SCHEMA, &record)?;
        // Another run that was faster has made them of the same.
        self.db.put_if(&key, item, there).await?;
        Ok(())
    }
}

/// The employee whose account it is.
fn oneself(permit: &Permit<JoinCampaigns>) -> Result<EmployeeId, Error> {
    permit.reach().only_oneself().ok_or(Error::NotFound)
}

fn participation(member: &MemberRecord, share: Share) -> Participation {
    Participation { joined_at: Some(member.joined_at), nickname: share.nickname, sum: share.sum, days: share.days }
}
