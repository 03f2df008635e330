//! Shared terminals (共用端末): workers without mail or account answer the stress check of one round, and do nothing else. Nothing here shows what was answered, nor what it came to.

use axum::extract::State;
use domain::stress::questionnaire::Questionnaire;
use endpoint::{
    Answer, App, AtKiosk, Checks, Door, Filters, From, IfMatch, Json, Kind, Problem, QuestionnaireQuery,
    QuestionnaireView, Secret, StressAnswerBody, not_answered, read_answers, unknown_item,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{KIOSK_SECONDS, KioskCheck, Stored};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "kiosk",
        heading: "共用端末での回答",
        routes: OpenApiRouter::new()
            .routes(routes!(sign_in))
            .routes(routes!(end))
            .routes(routes!(read))
            .routes(routes!(questionnaire))
            .routes(routes!(save))
            .routes(routes!(submit)),
    }
}

/// What somebody types at a shared terminal. Debug output shows nothing of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KioskSignIn {
    /// 契約コード。
    #[schema(example = "minato")]
    tenant_code: String,
    /// 実施回の受付コード。
    #[schema(value_type = String, example = "7KQ2-M9XD-4TRV")]
    round_code: Secret,
    /// 社員番号。
    #[schema(example = "000123")]
    employee_number: String,
    /// 生年月日。
    #[schema(value_type = String, format = Date, example = "1985-04-12")]
    birth_date: Date,
}

/// A session at a shared terminal. Debug output shows nothing of it.
#[derive(Serialize, ToSchema)]
struct KioskSession {
    /// Authorization ヘッダーに指定するトークン（30分間有効）。共用端末での回答にだけ使え、延長できません。
    access_token: String,
    /// 有効秒数。
    #[schema(example = 1800)]
    expires_in: i64,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// 一部を伏せた氏名。本人であることを画面で確認してから回答を始めてください。
    #[schema(example = "山＊　＊郎")]
    masked_name: String,
}

/// Signs in at a shared terminal.
#[utoipa::path(
    post, path = "/v1/kiosk/sessions", operation_id = "signInAtKiosk", summary = "共用端末で受付する",
    description = "契約コード・受付コード・社員番号・生年月日で受付し、その実施回の回答だけに使えるトークンを返します。受付できない理由（誤り、対象外、提出済み、受付期間外など）は区別されません。同じ社員番号では30分に5回まで、接続元ごと・実施回ごとにも上限があり、超えると429を返します。",
    request_body = KioskSignIn,
    responses((status = 201, description = "受付しました", body = KioskSession), (status = 401, description = "kiosk-sign-in-failed"))
)]
async fn sign_in(
    State(app): State<App>,
    From(origin): From,
    Json(asked): Json<KioskSignIn>,
) -> Result<Answer, Problem> {
    let round_code = asked.round_code.reveal();
    let typed = store::AtKiosk {
        tenant_code: &asked.tenant_code,
        round_code: &round_code,
        number: &asked.employee_number,
        born: asked.birth_date,
    };
    let attempt = app.store.kiosk_attempt(&typed, &origin).await?;
    let Some(begun) = app.store.sign_in_at_kiosk(typed, origin).await? else {
        app.store.failed(&attempt).await?;
        return Err(Problem::new(Kind::KioskSignInFailed).rated(attempt.rated));
    };
    let session = KioskSession {
        access_token: begun.token.to_string(),
        expires_in: KIOSK_SECONDS,
        token_type: "Bearer",
        masked_name: begun.masked_name,
    };
    Ok(Answer::created("/v1/kiosk/stress-check".to_owned(), &session)?.rated(attempt.rated))
}

/// Ends the session.
#[utoipa::path(
    delete, path = "/v1/kiosk/sessions/current", operation_id = "endKioskSession", summary = "共用端末での受付を終了する",
    description = "途中まで保存した回答は残ります。席を離れるときに呼び出してください。提出すると自動で終了します。",
    security(("token" = ["stress_checks.kiosk"])), responses((status = 204, description = "終了しました"))
)]
async fn end(State(app): State<App>, AtKiosk(permit): AtKiosk) -> Result<Answer, Problem> {
    app.store.end_kiosk_session(&permit).await?;
    Ok(Answer::nothing())
}

/// What is answered.
#[derive(Debug, Serialize, ToSchema)]
struct KioskStressCheck {
    /// 版（ETag と同じ）。
    #[schema(example = 0)]
    version: u64,
    /// 実施回の名称。
    #[schema(example = "2027年度ストレスチェック")]
    title: String,
    /// お知らせ。
    #[schema(example = "回答は任意です。")]
    announcement: Option<String>,
    /// 調査票。
    #[schema(value_type = String, example = "items_57")]
    questionnaire: Questionnaire,
    /// 実施期間の終了日。
    #[schema(value_type = String, format = Date, example = "2027-10-29")]
    closes_on: Date,
    /// まだ回答していない設問の番号。保存した回答の内容は、共用端末では表示しません。
    #[schema(example = json!([2, 3]))]
    open_items: Vec<u8>,
}

fn shown(stored: Stored<KioskCheck>) -> Result<Answer, Problem> {
    let Stored { record: check, version } = stored;
    let view = KioskStressCheck {
        version,
        title: check.title,
        announcement: check.announcement,
        questionnaire: check.questionnaire,
        closes_on: check.closes_on,
        open_items: check.open_items,
    };
    Ok(Answer::ok(&view)?.version(version))
}

/// Reads what is answered.
#[utoipa::path(
    get, path = "/v1/kiosk/stress-check", operation_id = "readKioskStressCheck", summary = "共用端末で回答する実施回を確認する",
    description = "受付した実施回と、まだ回答していない設問を返します。回答の内容と結果は返しません。まだ保存していない場合の ETag は \"0\" です。",
    security(("token" = ["stress_checks.kiosk"])), responses((status = 200, description = "実施回", body = KioskStressCheck))
)]
async fn read(State(app): State<App>, AtKiosk(permit): AtKiosk) -> Result<Answer, Problem> {
    shown(app.store.kiosk_check(&permit).await?)
}

/// Reads the questionnaire.
#[utoipa::path(
    get, path = "/v1/kiosk/stress-check/questionnaire", operation_id = "readKioskQuestionnaire", summary = "共用端末で回答する調査票を確認する",
    description = "受付した実施回の設問と選択肢を返します。英語は本サービスによる参考訳で、厚生労働省の公認ではありません（`translation`）。",
    params(("language" = Option<String>, Query, description = "言語（ja：日本語（既定）、en：英語）", example = "ja")),
    security(("token" = ["stress_checks.kiosk"])), responses((status = 200, description = "調査票", body = QuestionnaireView))
)]
async fn questionnaire(
    State(app): State<App>,
    AtKiosk(permit): AtKiosk,
    Filters(query): Filters<QuestionnaireQuery>,
) -> Result<Answer, Problem> {
    let check = app.store.kiosk_check(&permit).await?.record;
    Answer::ok(&QuestionnaireView::of(check.questionnaire, &query))
}

/// Answers, and that they are one's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KioskAnswersBody {
    /// 受付の応答の氏名（一部を伏せたもの）が自分のものであることを、画面で確認したか。true でなければ保存しません。
    #[schema(example = true)]
    person_confirmed: bool,
    /// 保存する回答（1～80件）。
    #[schema(example = json!([{ "item": 1, "choice": 2 }]))]
    answers: Vec<StressAnswerBody>,
}

/// Saves answers.
#[utoipa::path(
    put, path = "/v1/kiosk/stress-check/answers", operation_id = "saveKioskAnswers", summary = "共用端末で回答を途中まで保存する",
    description = "指定した設問の回答だけを保存し、他の設問の回答は残します。choice に null を指定すると回答を取り消します。回答は任意です。",
    params(("If-Match" = String, Header, description = "読み取ったときの ETag（最初は \"0\"）")),
    request_body = KioskAnswersBody, security(("token" = ["stress_checks.kiosk"])),
    responses((status = 200, description = "保存後の実施回", body = KioskStressCheck))
)]
async fn save(
    State(app): State<App>,
    AtKiosk(permit): AtKiosk,
    version: IfMatch,
    Json(body): Json<KioskAnswersBody>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::new();
    if !body.person_confirmed {
        let detail = "表示された氏名が自分のものであることを確認してください。違う場合は、受付を終了してください。";
        checks.fault("/person_confirmed", "not_confirmed", detail);
    }
    let answers = read_answers(&mut checks, &body.answers);
    let answers = checks.finish(Some(answers))?;
    let saved = app.store.save_answers_at_kiosk(&permit, version.version(), &answers).await?;
    saved.map_err(unknown_item)?.commit(&app.store).await?;
    shown(app.store.kiosk_check(&permit).await?)
}

/// Submits answers.
#[utoipa::path(
    post, path = "/v1/kiosk/stress-check/answers/submit", operation_id = "submitKioskAnswers", summary = "共用端末で回答を提出する",
    description = "すべての設問に回答した後に提出します。提出は1回限りで、提出すると共用端末での受付は終了します。結果は共用端末では確認できません。回答と結果は、本人と実施者・実施事務従事者だけが参照できます。",
    params(("If-Match" = String, Header, description = "読み取ったときの ETag")),
    security(("token" = ["stress_checks.kiosk"])), responses((status = 204, description = "提出しました"))
)]
async fn submit(State(app): State<App>, AtKiosk(permit): AtKiosk, version: IfMatch) -> Result<Answer, Problem> {
    let submitted = app.store.submit_answers_at_kiosk(&permit, version.version()).await?;
    submitted.map_err(not_answered)?.commit(&app.store).await?;
    Ok(Answer::nothing())
}
