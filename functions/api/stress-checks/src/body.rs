//! What is sent, and what is wrong with it.

use std::collections::BTreeSet;

use domain::{
    employee::EmploymentType,
    ids::{AccountId, EmployeeId, LabelId, WorkplaceId},
    notice::{NoticeText, NoticeTitle},
    remark::Remark,
    stress::{
        answers::Choice,
        questionnaire::Questionnaire,
        round::{Duty, Period, Plan, Qualification, REMINDER_DAYS},
        scales::Columns,
        scoring::{Criteria, CutOffs, Method},
        sharing::CONSENT_VERSION,
        targets::{ByHand, MOST_BY_HAND, TargetRule},
    },
};
use endpoint::{Checks, Fault, Kind, Problem, StressAnswerBody, read_answers};
use jiff::civil::Date;
use serde::Deserialize;
use store::{AppointWrong, NewAppointment, PlannedRound, SaidWith};
use utoipa::ToSchema;

/// The most days between two reminders.
const LEAST_OFTEN: u8 = 60;
/// A round that is planned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StressRoundBody)]
pub(crate) struct RoundBody {
    /// 名称。
    #[schema(example = "2027年度ストレスチェック")]
    title: String,
    /// 実施期間の開始日。
    #[schema(value_type = String, format = Date, example = "2027-10-01")]
    opens_on: Date,
    /// 実施期間の終了日（開始日から366日以内）。
    #[schema(value_type = String, format = Date, example = "2027-10-29")]
    closes_on: Date,
    /// 調査票（`items_23`：簡略版23項目、`items_57`：57項目、`items_80`：80項目）。
    #[schema(value_type = String, example = "items_57")]
    questionnaire: Questionnaire,
    /// 高ストレス者の選定方法（`sum`：合計点数法、`conversion`：素点換算表）。
    #[schema(value_type = String, example = "sum")]
    method: Method,
    /// 選定の基準値。省略すると実施マニュアルの標準の値です。
    cut_offs: Option<CutOffsBody>,
    /// 基準値を標準から変える理由（衛生委員会での審議）。
    #[schema(example = "衛生委員会（2027年8月）で審議し、対象を広げることとした。")]
    cut_off_reason: Option<String>,
    /// 性別が男女以外の者に用いる素点換算表（`male`、`female`。省略すると male）。
    #[schema(value_type = Option<String>, example = "male")]
    other_sex_columns: Option<Columns>,
    /// 対象者の条件。
    targets: TargetsBody,
    /// 衛生委員会で審議した日。
    #[schema(value_type = Option<String>, format = Date, example = "2027-08-20")]
    decided_on: Option<Date>,
    /// 対象者へのお知らせ（8,000文字以内）。
    #[schema(example = "ストレスチェックを実施します。回答は任意です。結果は本人にだけ通知されます。")]
    announcement: Option<String>,
    /// 未回答の対象者に自動で再通知する間隔（日数、3～60。省略すると自動では再通知しません）。
    #[schema(example = 7)]
    remind_every: Option<u8>,
}

/// Where high stress begins.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StressCutOffs)]
pub(crate) struct CutOffsBody {
    /// 心身の反応だけで該当とする点数。
    #[schema(example = 77)]
    reactions: u16,
    /// 仕事の要因・サポートと合わせて該当とする場合の、心身の反応の点数。
    #[schema(example = 63)]
    reactions_with_causes: u16,
    /// 同じく、仕事の要因・サポートの点数。
    #[schema(example = 76)]
    causes: u16,
}

/// Whom a round is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StressTargets)]
pub(crate) struct TargetsBody {
    /// 在籍と配属を判断する基準日。
    #[schema(value_type = String, format = Date, example = "2027-10-01")]
    as_of: Date,
    /// 対象の事業場。省略するとすべての事業場です。
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!([]))]
    workplace_ids: BTreeSet<WorkplaceId>,
    /// 対象のラベル（いずれかを持つ者）。省略すると全員です。
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!([]))]
    label_ids: BTreeSet<LabelId>,
    /// 対象外とする雇用形態（契約期間が1年未満、または週の所定労働時間が通常の労働者の4分の3未満のもの）。
    #[serde(default)]
    #[schema(example = json!(["アルバイト"]))]
    employment_types_left_out: Vec<String>,
    /// 休職中の者を対象に含めるか。
    #[serde(default)]
    on_leave: bool,
    /// 出向中の者を対象に含めるか。
    #[serde(default)]
    #[schema(example = true)]
    seconded: bool,
    /// 条件にかかわらず個別に追加・除外する者（200名まで）。
    #[serde(default)]
    by_hand: Vec<ByHandBody>,
}

/// Somebody who is added or left out by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StressTargetByHand)]
pub(crate) struct ByHandBody {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// true：追加、false：除外。
    #[schema(example = false)]
    included: bool,
    /// 理由（2,000文字以内）。
    #[schema(example = "長期の海外出張中のため")]
    reason: String,
}

/// Another last day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StressRoundPutOff)]
pub(crate) struct PutOffBody {
    /// 新しい終了日。
    #[schema(value_type = String, format = Date, example = "2027-11-12")]
    pub(crate) closes_on: Date,
}

/// Whom to appoint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(
    as = StressAppointmentBody,
    example = json!({ "account_id": "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b", "duty": "implementer", "qualification": "industrial_physician" })
)]
pub(crate) struct AppointmentBody {
    /// アカウントのID。
    #[schema(value_type = String, example = "acc_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    account_id: AccountId,
    /// 役割（`implementer`：実施者、`clerk`：実施事務従事者）。
    #[schema(value_type = String, example = "implementer")]
    duty: Duty,
    /// 実施者の資格（`industrial_physician`：産業医、`physician`：医師、`public_health_nurse`：保健師、`dentist`：歯科医師、`nurse`：看護師、`psychiatric_social_worker`：精神保健福祉士、`certified_psychologist`：公認心理師）。実施者の場合は必須です。
    #[schema(value_type = Option<String>, example = "industrial_physician")]
    qualification: Option<Qualification>,
}

/// Some answers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StressAnswersBody)]
pub(crate) struct AnswersBody {
    /// 保存する回答（1～80件）。
    #[schema(example = json!([{ "item": 1, "choice": 2 }]))]
    answers: Vec<StressAnswerBody>,
}

/// Consent to which words.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StressConsentBody)]
pub(crate) struct ConsentBody {
    /// 確認した同意文の版。
    #[schema(example = "2026-11")]
    version: String,
}

/// What is wished for an interview.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StressInterviewRequestBody)]
pub(crate) struct RequestBody {
    /// 希望（日時、場所など、2,000文字以内）。
    #[schema(example = "平日の午後、オンラインを希望します。")]
    wish: Option<String>,
}

/// Whether an interview is needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StressDecisionBody)]
pub(crate) struct DecisionBody {
    /// 面接指導の要否。
    #[schema(example = true)]
    needs_interview: bool,
    /// 理由（2,000文字以内）。
    #[schema(example = "補足的な面談の結果、面接指導が必要と判断した。")]
    reason: String,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StressReasonBody)]
pub(crate) struct ReasonBody {
    /// 理由（2,000文字以内）。
    #[schema(example = "本人から、設問を読み違えたとの申し出があった。")]
    reason: String,
}

/// What is signed for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StressSignBody)]
pub(crate) struct SignBody {
    /// 面接指導が必要とされた人数。
    #[schema(example = 12)]
    pub(crate) interviews: u64,
}

impl RoundBody {
    /// Reads the body; notes everything that is wrong with it.
    pub(crate) fn checked(self) -> Result<PlannedRound, Problem> {
        let mut checks = Checks::new();
        let title = checks.field("/title", NoticeTitle::parse(&self.title));
        let period = Period { opens_on: self.opens_on, closes_on: self.closes_on };
        if !period.is_sound() {
            checks.fault("/closes_on", "period_invalid", "終了日は、開始日から366日以内の日を指定してください。");
        }
        let reason = checks.optional("/cut_off_reason", self.cut_off_reason.as_deref().map(Remark::parse));
        let cut_offs = self.cut_offs.map(|CutOffsBody { reactions, reactions_with_causes, causes }| CutOffs {
            reactions,
            reactions_with_causes,
            causes,
        });
        let other = self.other_sex_columns.unwrap_or(Columns::Male);
        let criteria = match Criteria::new(self.questionnaire, self.method, cut_offs, reason, other) {
            Ok(criteria) => Some(criteria),
            Err(faults) => {
                for fault in faults {
                    let pointer = if fault.pointer == "/reason" { "/cut_off_reason" } else { fault.pointer };
                    checks.fault(pointer, fault.code, fault.detail);
                }
                None
            }
        };
        if self.decided_on.is_some_and(|day| day > self.opens_on) {
            checks.fault("/decided_on", "after_opening", "審議した日は、実施期間の開始日以前の日を指定してください。");
        }
        let announcement = checks.optional("/announcement", self.announcement.as_deref().map(NoticeText::parse));
        if self.remind_every.is_some_and(|days| !(REMINDER_DAYS..=LEAST_OFTEN).contains(&days)) {
            checks.fault("/remind_every", "out_of_range", "3～60の日数を指定してください。");
        }
        let targets = self.targets.checked(&mut checks);
        let (decided_on, remind_every) = (self.decided_on, self.remind_every);
        let plan = title.zip(criteria).map(|(title, criteria)| Plan {
            title,
            criteria,
            targets,
            decided_on,
            announcement,
            remind_every,
        });
        checks.finish(plan.map(|plan| PlannedRound { plan, period }))
    }
}

impl TargetsBody {
    fn checked(self, checks: &mut Checks) -> TargetRule {
        let mut types = BTreeSet::new();
        for (index, name) in self.employment_types_left_out.iter().enumerate() {
            let pointer = format!("/targets/employment_types_left_out/{index}");
            types.extend(checks.field(&pointer, EmploymentType::parse(name)));
        }
        if self.by_hand.len() > MOST_BY_HAND {
            checks.fault("/targets/by_hand", "out_of_range", "200名以内で指定してください。");
        }
        let mut by_hand: Vec<ByHand> = Vec::new();
        for (index, body) in self.by_hand.into_iter().enumerate() {
            if by_hand.iter().any(|it| it.employee == body.employee_id) {
                let pointer = format!("/targets/by_hand/{index}/employee_id");
                checks.fault(&pointer, "twice", "同じ従業員が重複しています。");
            }
            let reason = checks.field(&format!("/targets/by_hand/{index}/reason"), Remark::parse(&body.reason));
            let (employee, included) = (body.employee_id, body.included);
            by_hand.extend(reason.map(|reason| ByHand { employee, included, reason }));
        }
        TargetRule {
            as_of: self.as_of,
            workplaces: self.workplace_ids,
            labels: self.label_ids,
            employment_types_left_out: types,
            on_leave: self.on_leave,
            seconded: self.seconded,
            by_hand,
        }
    }
}

impl AppointmentBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<NewAppointment, Problem> {
        let mut checks = Checks::new();
        match (self.duty, self.qualification) {
            (Duty::Implementer, None) => {
                checks.fault("/qualification", "required", "実施者の資格を指定してください。");
            }
            (Duty::Clerk, Some(_)) => {
                checks.fault("/qualification", "not_applicable", "実施事務従事者には資格を指定できません。");
            }
            _ => {}
        }
        let AppointmentBody { account_id: account, duty, qualification } = self;
        checks.finish(Some(NewAppointment { account, duty, qualification }))
    }
}

impl AnswersBody {
    /// Reads the body; whether the questionnaire has the items is known when the round is.
    pub(crate) fn checked(self) -> Result<Vec<(u8, Option<Choice>)>, Problem> {
        let mut checks = Checks::new();
        let answers = read_answers(&mut checks, &self.answers);
        checks.finish(Some(answers))
    }
}

impl ConsentBody {
    /// Reads the body: it names the words that are shown now.
    pub(crate) fn checked(self) -> Result<(), Problem> {
        let mut checks = Checks::new();
        if self.version != CONSENT_VERSION {
            checks.fault("/version", "other_version", "同意文が変わっています。結果を確認し直してください。");
        }
        checks.finish(Some(()))
    }
}

impl RequestBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<SaidWith, Problem> {
        let mut checks = Checks::new();
        let wish = checks.optional("/wish", self.wish.as_deref().map(Remark::parse));
        checks.finish(Some(SaidWith { wish }))
    }
}

impl DecisionBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<(bool, Remark), Problem> {
        let mut checks = Checks::new();
        let reason = checks.field("/reason", Remark::parse(&self.reason));
        checks.finish(reason.map(|reason| (self.needs_interview, reason)))
    }
}

impl ReasonBody {
    /// Reads the body.
    pub(crate) fn checked(self) -> Result<Remark, Problem> {
        let mut checks = Checks::new();
        let reason = checks.field("/reason", Remark::parse(&self.reason));
        checks.finish(reason)
    }
}

/// The answer to an appointment that cannot be.
pub(crate) fn cannot_appoint(wrong: AppointWrong) -> Problem {
    let (kind, pointer, code, detail) = match wrong {
        AppointWrong::Unknown => {
            (Kind::Invalid, "/account_id", "unknown_account", "利用できるアカウントが見つかりません。")
        }
        AppointWrong::LacksRole => (
            Kind::Invalid,
            "/account_id",
            "lacks_role",
            "このアカウントには、対応するロール（実施者または実施事務従事者）が付与されていません。",
        ),
        AppointWrong::PersonnelAuthority => (
            Kind::Conflict,
            "",
            "personnel_authority",
            "人事権を持つ者は、ストレスチェックの実施者・実施事務従事者になれません（労働安全衛生規則第52条の10第2項）。",
        ),
        AppointWrong::Oneself => (Kind::Conflict, "", "second_person_needed", "自分自身を任命することはできません。"),
        AppointWrong::Already => (Kind::Conflict, "", "already", "すでに任命されています。"),
    };
    Problem::new(kind).with(Fault::at(pointer, code, detail))
}
