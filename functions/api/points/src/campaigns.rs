//! Campaigns (健康キャンペーン): `/v1/campaigns`.

use authz::{
    Permit,
    permission::{JoinCampaigns, ManageCampaigns, ViewCampaigns},
};
use axum::extract::State;
use domain::{decimal::Decimal, ids::CampaignId, lifelog::Metric, points::rules::RuleName, time::Jst};
use endpoint::{Answer, App, Checks, IfMatch, Json, Path, Posted, Problem};
use jiff::{ToSpan as _, civil::Date};
use serde::{Deserialize, Serialize, Serializer};
use store::{Campaign, CampaignResult, NewCampaign, Participation, ParticipationChange, Stored};
use utoipa::ToSchema;

/// The longest campaign, in days.
const LONGEST_DAYS: i64 = 366;

/// A campaign to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignBody)]
pub(crate) struct CampaignBody {
    /// 名称（60文字以内）。
    #[schema(example = "秋のウォーキングラリー")]
    name: String,
    /// 対象の項目（GET /v1/lifelog-metrics。気分は指定できません）。
    #[schema(value_type = String, example = "steps")]
    metric: Metric,
    /// 最初の日。
    #[schema(value_type = String, format = Date, example = "2026-10-01")]
    from: Date,
    /// 最後の日（366日以内）。
    #[schema(value_type = String, format = Date, example = "2026-11-30")]
    to: Date,
}

impl CampaignBody {
    fn checked(self) -> Result<NewCampaign, Problem> {
        let mut checks = Checks::new();
        let name = checks.field("/name", RuleName::parse(&self.name));
        if !self.metric.row().group.can_be_shared() {
            checks.fault("/metric", "not_shared", "気分の記録は対象にできません。");
        }
        if self.to < self.from || self.to > self.from.saturating_add((LONGEST_DAYS - 1).days()) {
            checks.fault("/to", "out_of_range", "最後の日は、最初の日から366日以内で指定してください。");
        }
        let (metric, from, to) = (self.metric, self.from, self.to);
        checks.finish(name.map(|name| NewCampaign { name, metric, from, to }))
    }
}

/// Campaigns.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignList)]
pub(crate) struct CampaignList {
    /// 新しい順。
    items: Vec<CampaignView>,
    /// 常に null です。
    next_cursor: Option<String>,
}

/// A campaign.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Campaign)]
pub(crate) struct CampaignView {
    /// キャンペーンのID。
    #[schema(value_type = String, example = "cpn_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    id: CampaignId,
    /// 名称。
    #[schema(value_type = String, example = "秋のウォーキングラリー")]
    name: RuleName,
    /// 対象の項目。
    #[schema(value_type = String, example = "steps")]
    metric: Metric,
    /// 対象の項目の名称。
    #[schema(example = "歩数")]
    metric_name: &'static str,
    /// 最初の日。
    #[schema(value_type = String, format = Date, example = "2026-10-01")]
    from: Date,
    /// 最後の日。
    #[schema(value_type = String, format = Date, example = "2026-11-30")]
    to: Date,
    /// 登録した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-09-20T10:00:00.000+09:00")]
    created_at: Jst,
}

impl CampaignView {
    fn of(campaign: &Campaign) -> Self {
        Self {
            id: campaign.id,
            name: campaign.name.clone(),
            metric: campaign.metric,
            metric_name: campaign.metric.row().japanese,
            from: campaign.from,
            to: campaign.to,
            created_at: campaign.created_at,
        }
    }
}

/// A sum as JSON.
struct Number(Decimal);

impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Number(…)")
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.to_string();
        match text.parse::<i64>() {
            Ok(whole) => serializer.serialize_i64(whole),
            Err(_) => serializer.serialize_f64(text.parse().map_err(serde::ser::Error::custom)?),
        }
    }
}

/// What a campaign comes to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignResult)]
pub(crate) struct ResultView {
    /// キャンペーン。
    campaign: CampaignView,
    /// 集計した最後の日（締め切った日まで）。
    #[schema(value_type = Option<String>, format = Date, example = "2026-11-17")]
    until: Option<Date>,
    /// 記録のある参加者の人数。10人未満の場合は null です。
    #[schema(example = 124)]
    people: Option<u64>,
    /// 全員の合計。10人未満の場合は null です。
    #[schema(value_type = Option<f64>, example = 18_240_000)]
    total: Option<Number>,
    /// 1人1日あたりの平均。10人未満の場合は null です。
    #[schema(value_type = Option<f64>, example = 7421)]
    average_per_day: Option<Number>,
    /// 掲載に同意した参加者の順位（機器の記録だけ、100位まで）。参加者が10人未満の場合は空です。
    ranking: Vec<RankedView>,
}

/// A place of a ranking.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignRank)]
struct RankedView {
    /// 順位（同じ値は同じ順位）。
    #[schema(example = 1)]
    place: u32,
    /// 表示名。
    #[schema(value_type = String, example = "あるく人")]
    nickname: RuleName,
    /// 機器の記録の合計。
    #[schema(value_type = f64, example = 412_300)]
    value: Number,
}

impl ResultView {
    fn of(result: CampaignResult) -> Self {
        let bounds = result.campaign.metric.row().bounds;
        let number = |reading: i64| Number(bounds.number(reading));
        let average = result
            .sum
            .zip(result.days)
            .and_then(|(sum, days)| Some(number(Decimal::ratio(sum, i64::try_from(days).ok()?, 0)?.mantissa())));
        Self {
            campaign: CampaignView::of(&result.campaign),
            until: result.until,
            people: result.people,
            total: result.sum.map(number),
            average_per_day: average,
            ranking: result
                .ranking
                .into_iter()
                .map(|it| RankedView { place: it.place, nickname: it.nickname, value: number(it.value) })
                .collect(),
        }
    }
}

/// How one takes part.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignParticipation)]
pub(crate) struct ParticipationView {
    /// 参加しているかどうか。
    #[schema(example = true)]
    takes_part: bool,
    /// 参加した日時。
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-10-01T09:00:00.000+09:00")]
    joined_at: Option<Jst>,
    /// 順位表での表示名。順位表に掲載しない場合は null です。
    #[schema(value_type = Option<String>, example = "あるく人")]
    nickname: Option<RuleName>,
    /// 自分の合計（締め切った日まで）。単位は対象の項目によります。
    #[schema(example = 212_300)]
    total: i64,
    /// 集計した日数。
    #[schema(example = 30)]
    days: u32,
}

impl ParticipationView {
    fn of(participation: &Participation) -> Self {
        Self {
            takes_part: participation.joined_at.is_some(),
            joined_at: participation.joined_at,
            nickname: participation.nickname.clone(),
            total: participation.sum,
            days: participation.days,
        }
    }
}

/// How one wants to take part.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignParticipationBody)]
pub(crate) struct ParticipationBody {
    /// 順位表での表示名（60文字以内）。指定すると、順位表への掲載に同意したことになります。省略または null の場合は掲載しません。
    #[schema(example = "あるく人")]
    nickname: Option<String>,
}

/// Lists campaigns.
#[utoipa::path(
    get, path = "/v1/campaigns", operation_id = "listCampaigns", summary = "キャンペーンの一覧",
    security(("token" = ["campaigns.view"])), responses((status = 200, description = "新しい順", body = CampaignList))
)]
pub(crate) async fn list(State(app): State<App>, permit: Permit<ViewCampaigns>) -> Result<Answer, Problem> {
    let items = app.store.campaigns(&permit).await?.iter().map(CampaignView::of).collect();
    Answer::ok(&CampaignList { items, next_cursor: None })
}

/// Makes a campaign.
#[utoipa::path(
    post, path = "/v1/campaigns", operation_id = "createCampaign", summary = "キャンペーンを登録する",
    description = "従業員が自分で参加を選ぶキャンペーンです。会社が参照できるのは、10人以上の参加者の合計だけです。",
    params(("Idempotency-Key" = Option<String>, Header, description = "同じキーで再送しても二重に登録されません")),
    request_body = CampaignBody, security(("token" = ["campaigns.manage"])),
    responses((status = 201, description = "登録しました", body = CampaignView))
)]
pub(crate) async fn create(
    State(app): State<App>,
    permit: Permit<ManageCampaigns>,
    posted: Posted<CampaignBody>,
) -> Result<Answer, Problem> {
    let prepare = async |body: CampaignBody| Ok(app.store.create_campaign(&permit, body.checked()?).await?);
    let answer =
        |campaign: &Campaign| Answer::created(format!("/v1/campaigns/{}", campaign.id), &CampaignView::of(campaign));
    posted.once(&app, &permit, prepare, answer).await
}

/// Shows what a campaign comes to.
#[utoipa::path(
    get, path = "/v1/campaigns/{campaign_id}", operation_id = "readCampaign", summary = "キャンペーンの結果を確認する",
    description = "締め切った日までの合計と順位です。記録のある参加者が10人未満の場合、合計も順位も返しません。",
    params(("campaign_id" = String, Path, description = "キャンペーンのID")),
    security(("token" = ["campaigns.view"])), responses((status = 200, description = "結果", body = ResultView))
)]
pub(crate) async fn result(
    State(app): State<App>,
    permit: Permit<ViewCampaigns>,
    Path(id): Path<CampaignId>,
) -> Result<Answer, Problem> {
    Answer::ok(&ResultView::of(app.store.campaign_result(&permit, id).await?))
}

fn shown(stored: &Stored<Participation>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&ParticipationView::of(&stored.record))?.version(stored.version))
}

/// Shows how one takes part.
#[utoipa::path(
    get, path = "/v1/campaigns/{campaign_id}/participation", operation_id = "readParticipation", summary = "キャンペーンへの自分の参加を確認する",
    params(("campaign_id" = String, Path, description = "キャンペーンのID")),
    security(("token" = ["campaigns.join"])), responses((status = 200, description = "参加の状況", body = ParticipationView))
)]
pub(crate) async fn participation(
    State(app): State<App>,
    permit: Permit<JoinCampaigns>,
    Path(id): Path<CampaignId>,
) -> Result<Answer, Problem> {
    shown(&app.store.participation(&permit, id).await?)
}

/// Takes part.
#[utoipa::path(
    put, path = "/v1/campaigns/{campaign_id}/participation", operation_id = "takePart", summary = "キャンペーンに参加する",
    description = "表示名を指定すると、順位表に掲載されます（機器の記録だけ）。参加していない場合の If-Match は \"0\" です。",
    params(("campaign_id" = String, Path, description = "キャンペーンのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = ParticipationBody, security(("token" = ["campaigns.join"])),
    responses((status = 200, description = "参加の状況", body = ParticipationView))
)]
pub(crate) async fn take_part(
    State(app): State<App>,
    permit: Permit<JoinCampaigns>,
    Path(id): Path<CampaignId>,
    version: IfMatch,
    Json(body): Json<ParticipationBody>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::new();
    let nickname = checks.optional("/nickname", body.nickname.as_deref().map(RuleName::parse));
    let change = checks.finish(Some(ParticipationChange { nickname }))?;
    let prepared = app.store.take_part(&permit, id, version.version(), change).await?;
    shown(&prepared.commit(&app.store).await?)
}

/// Does not take part any more.
#[utoipa::path(
    delete, path = "/v1/campaigns/{campaign_id}/participation", operation_id = "leaveCampaign", summary = "キャンペーンへの参加をやめる",
    description = "集計した自分の合計も消去され、次の締め切りから全体の合計と順位にも含まれません。",
    params(("campaign_id" = String, Path, description = "キャンペーンのID"), ("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["campaigns.join"])), responses((status = 204, description = "参加をやめました"))
)]
pub(crate) async fn leave(
    State(app): State<App>,
    permit: Permit<JoinCampaigns>,
    Path(id): Path<CampaignId>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.leave_campaign(&permit, id, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}
