//! Wishes for checkups (受診希望), the clinics that they name, and what is booked for them.

use authz::{
    Permit,
    permission::{ManageReservations, ReadReference, WishCheckup},
};
use axum::extract::State;
use domain::{
    checked::Refused,
    checkup::{
        kind::CheckupKind,
        wish::{
            Clinic, ClinicCode, DAY, MOST_CLINICS, MOST_DATES, REMIND_DAYS, Reservation, Wanted, WishState, is_ahead,
            wrong_day,
        },
    },
    employee::{BirthDate, EmployeeNumber, Kana, PersonName, Sex},
    ids::EmployeeId,
    organisation::OrganisationName,
    remark::Remark,
    report::form6::{Address, Phone},
    time::Jst,
};
use endpoint::{Answer, App, Checks, Filters, IfMatch, Json, Pages, Path, Problem, limit};
use http::Uri;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use store::{Booked, ReservationSettings, Stored, Wish, WishOf};
use utoipa::ToSchema;

const UNKNOWN_CLINIC: Refused = Refused {
    code: "unknown_clinic",
    detail: "この医療機関コードは登録されていません。GET /v1/checkups/clinics で確認してください。",
};
const TIME: Refused = Refused {
    code: "time_invalid",
    detail: "時刻は 09:30 のように、24時間表記の時と分で指定してください。",
};

/// The clinics, and whether people are reminded: as they are shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupClinics)]
pub(crate) struct ClinicsView {
    /// 健診機関（表示の順）。
    clinics: Vec<ClinicView>,
    /// 受診の期限の何日前から、受診していない従業員にメールで知らせるか（null は知らせない）。
    #[schema(example = 30)]
    remind_days_before: Option<u8>,
    /// 最後に変更した日時。変更していない場合は null です。
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-04-01T09:00:00.000+09:00")]
    updated_at: Option<Jst>,
}

/// A clinic.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupClinic)]
struct ClinicView {
    /// 医療機関コード。
    #[schema(value_type = String, example = "C001")]
    code: ClinicCode,
    /// 名称。
    #[schema(value_type = String, example = "みなと健診クリニック")]
    name: OrganisationName,
    /// 所在地。
    #[schema(value_type = Option<String>, example = "東京都港区0-0-0")]
    address: Option<Address>,
    /// 電話番号。
    #[schema(value_type = Option<String>, example = "03-0000-0000")]
    phone: Option<Phone>,
}

impl From<Clinic> for ClinicView {
    fn from(clinic: Clinic) -> Self {
        Self { code: clinic.code, name: clinic.name, address: clinic.address, phone: clinic.phone }
    }
}

fn clinics_view(Stored { record, version }: Stored<ReservationSettings>) -> Result<Answer, Problem> {
    let ReservationSettings { clinics, remind_days_before, updated_at } = record;
    let clinics = clinics.into_iter().map(ClinicView::from).collect();
    Ok(Answer::ok(&ClinicsView { clinics, remind_days_before, updated_at })?.version(version))
}

/// Other clinics.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CheckupClinicsBody)]
pub(crate) struct ClinicsBody {
    /// 健診機関（200件まで。全体を置き換えます）。
    clinics: Vec<ClinicBody>,
    /// 受診の期限の何日前（7～90）から、受診していない従業員にメールで知らせるか。省略すると知らせません。
    #[schema(example = 30)]
    remind_days_before: Option<u8>,
}

/// A clinic.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CheckupClinicBody)]
struct ClinicBody {
    /// 医療機関コード（半角英数字・ハイフン・下線、1～32文字）。
    #[schema(example = "C001")]
    code: String,
    /// 名称。
    #[schema(example = "みなと健診クリニック")]
    name: String,
    /// 所在地。
    #[schema(example = "東京都港区0-0-0")]
    address: Option<String>,
    /// 電話番号。
    #[schema(example = "03-0000-0000")]
    phone: Option<String>,
}

impl ClinicsBody {
    /// Reads the body; notes everything that is wrong with it.
    fn checked(&self) -> Result<(Vec<Clinic>, Option<u8>), Problem> {
        let mut checks = Checks::new();
        let c = &mut checks;
        if self.clinics.len() > MOST_CLINICS {
            c.fault("/clinics", "too_many", "健診機関は200件まで登録できます。");
        }
        if self.remind_days_before.is_some_and(|days| !REMIND_DAYS.contains(&days)) {
            c.fault("/remind_days_before", "out_of_range", "7～90の日数を指定してください。");
        }
        let mut clinics: Vec<Clinic> = Vec::new();
        for (at, body) in self.clinics.iter().take(MOST_CLINICS).enumerate() {
            let pointer = |field: &str| format!("/clinics/{at}/{field}");
            let code = c.field(&pointer("code"), ClinicCode::parse(&body.code));
            let name = c.field(&pointer("name"), OrganisationName::parse(&body.name));
            let address = c.optional(&pointer("address"), body.address.as_deref().map(Address::parse));
            let phone = c.optional(&pointer("phone"), body.phone.as_deref().map(Phone::parse));
            if code.as_ref().is_some_and(|code| clinics.iter().any(|clinic| clinic.code == *code)) {
                c.fault(&pointer("code"), "code_twice", "同じ医療機関コードが2回指定されています。");
            }
            clinics.extend(code.zip(name).map(|(code, name)| Clinic { code, name, address, phone }));
        }
        checks.finish(Some((clinics, self.remind_days_before)))
    }
}

/// Reads the clinics.
#[utoipa::path(
    get, path = "/v1/checkups/clinics", operation_id = "readCheckupClinics", summary = "健診機関の一覧",
    description = "受診希望で選べる健診機関と、受診の期限を知らせるかどうかの設定を返します。まだ登録していない場合は、空の内容を ETag \"0\" で返します。",
    security(("token" = ["reference.read"])), responses((status = 200, description = "健診機関", body = ClinicsView))
)]
pub(crate) async fn clinics(State(app): State<App>, permit: Permit<ReadReference>) -> Result<Answer, Problem> {
    clinics_view(app.store.clinics(&permit).await?)
}

/// Changes the clinics.
#[utoipa::path(
    put, path = "/v1/checkups/clinics", operation_id = "changeCheckupClinics", summary = "健診機関の一覧を変更する",
    description = "全体を置き換えます。確定済みの予約の内容は変わりません。契約企業の全体を参照できる方だけが変更できます。remind_days_before を指定すると、期限までに受診の記録も予約もない従業員に、期限ごとに1回、健診の種別を含まないメールを送信します。",
    params(("If-Match" = String, Header, description = "読み取ったときの ETag")),
    request_body = ClinicsBody, security(("token" = ["checkups.reservations"])),
    responses((status = 200, description = "変更後の健診機関", body = ClinicsView))
)]
pub(crate) async fn change_clinics(
    State(app): State<App>,
    permit: Permit<ManageReservations>,
    version: IfMatch,
    Json(body): Json<ClinicsBody>,
) -> Result<Answer, Problem> {
    let (clinics, remind) = body.checked()?;
    clinics_view(app.store.change_clinics(&permit, version.version(), clinics, remind)?.commit(&app.store).await?)
}

/// A wish, as it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupWish)]
pub(crate) struct WishView {
    /// 従業員のID。
    #[schema(value_type = String, example = "emp_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b")]
    employee_id: EmployeeId,
    /// 健診種別のキー。
    #[schema(value_type = String, example = "periodic")]
    kind: CheckupKind,
    /// 健診種別。
    #[schema(example = "定期健康診断")]
    kind_name: &'static str,
    /// 状態（`wished`：予約待ち、`confirmed`：予約済み、`withdrawn`：取り下げ）。
    #[schema(value_type = String, example = "confirmed")]
    state: WishState,
    /// 希望する医療機関のコード。希望がない場合は null です。
    #[schema(value_type = Option<String>, example = "C001")]
    clinic_code: Option<ClinicCode>,
    /// 希望日（希望の順）。
    #[schema(value_type = Vec<String>, example = json!(["2026-12-10", "2026-12-17"]))]
    preferred_dates: Vec<Date>,
    /// 本人からの連絡。
    #[schema(value_type = Option<String>, example = "午前を希望します。")]
    note: Option<Remark>,
    /// 予約の内容。予約待ち・取り下げの前に予約がない場合は null です。
    reservation: Option<ReservationView>,
    /// 希望した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T09:00:00.000+09:00")]
    wished_at: Jst,
    /// 最後に変更した日時。
    #[schema(value_type = String, format = DateTime, example = "2026-11-24T09:00:00.000+09:00")]
    updated_at: Jst,
    #[serde(flatten)]
    whose: Option<WhoseView>,
}

/// What is booked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupReservation)]
struct ReservationView {
    /// 医療機関。
    clinic: ClinicView,
    /// 受診日。
    #[schema(value_type = String, format = Date, example = "2026-12-10")]
    on: Date,
    /// 受付の時刻。
    #[schema(example = "09:30")]
    at: Option<String>,
    /// 本人への連絡。
    #[schema(value_type = Option<String>, example = "前日の21時以降は食事をとらないでください。")]
    note: Option<Remark>,
}

/// What a clinic asks for of whoever comes. What the caller may not see is absent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupWishEmployee)]
struct WhoseView {
    /// 社員番号。
    #[schema(value_type = Option<String>, example = "000123")]
    #[serde(skip_serializing_if = "Option::is_none")]
    employee_number: Option<EmployeeNumber>,
    /// 氏名。
    #[schema(value_type = Option<String>, example = "渡辺　裕子")]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<PersonName>,
    /// フリガナ。
    #[schema(value_type = Option<String>, example = "ワタナベ　ユウコ")]
    #[serde(skip_serializing_if = "Option::is_none")]
    kana: Option<Kana>,
    /// 生年月日。
    #[schema(value_type = Option<String>, format = Date, example = "1985-06-15")]
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<BirthDate>,
    /// 性別（male：男、female：女、other：その他・無回答）。
    #[schema(value_type = Option<String>, example = "female")]
    #[serde(skip_serializing_if = "Option::is_none")]
    sex: Option<Sex>,
}

impl From<Reservation> for ReservationView {
    fn from(reservation: Reservation) -> Self {
        let Reservation { clinic, on, at, note } = reservation;
        Self { clinic: clinic.into(), on, at: at.map(|at| at.strftime("%H:%M").to_string()), note }
    }
}

impl From<Wish> for WishView {
    fn from(wish: Wish) -> Self {
        let Wanted { clinic, dates, note } = wish.wanted;
        Self {
            employee_id: wish.employee,
            kind: wish.kind,
            kind_name: wish.kind.japanese(),
            state: wish.state,
            clinic_code: clinic,
            preferred_dates: dates,
            note,
            reservation: wish.reservation.map(ReservationView::from),
            wished_at: wish.wished_at,
            updated_at: wish.updated_at,
            whose: None,
        }
    }
}

impl From<WishOf> for WishView {
    fn from(of: WishOf) -> Self {
        let WishOf { wish, number, name, born } = of;
        let ((name, kana), (birth_date, sex)) = (name.unzip(), born.unzip());
        let whose = WhoseView { employee_number: number, name, kana, birth_date, sex };
        Self { whose: Some(whose), ..Self::from(wish) }
    }
}

fn shown(stored: Stored<impl Into<WishView>>) -> Result<Answer, Problem> {
    Ok(Answer::ok(&stored.record.into())?.version(stored.version))
}

/// All of one's own wishes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnCheckupWishList)]
pub(crate) struct OwnWishes {
    items: Vec<WishView>,
    /// 常に null です（1ページですべてを返します）。
    #[schema(value_type = Option<String>)]
    next_cursor: Option<()>,
}

/// A page of wishes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckupWishPage)]
pub(crate) struct WishPage {
    items: Vec<WishView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// A wish, as it is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CheckupWishBody)]
pub(crate) struct WishBody {
    /// 希望する医療機関のコード（GET /v1/checkups/clinics）。どこでもよい場合は省略します。
    #[schema(value_type = Option<String>, example = json!(null))]
    clinic_code: Option<String>,
    /// 希望日（1～5件、希望の順。明日から400日以内）。
    #[schema(value_type = Vec<String>, example = json!(["2027-12-09", "2027-12-16"]))]
    preferred_dates: Vec<Date>,
    /// 連絡（2,000文字以内）。
    #[schema(example = "午前を希望します。")]
    note: Option<String>,
}

impl WishBody {
    /// Reads the body; notes everything that is wrong with it.
    fn checked(&self, today: Date) -> Result<Wanted, Problem> {
        let mut checks = Checks::new();
        if !(1..=MOST_DATES).contains(&self.preferred_dates.len()) {
            checks.fault("/preferred_dates", "out_of_range", "希望日は1～5件で指定してください。");
        } else if let Some((at, refused)) = wrong_day(&self.preferred_dates, today) {
            checks.fault(&format!("/preferred_dates/{at}"), refused.code, refused.detail);
        }
        let clinic = checks.optional("/clinic_code", self.clinic_code.as_deref().map(ClinicCode::parse));
        let note = checks.optional("/note", self.note.as_deref().map(Remark::parse));
        checks.finish(Some(Wanted { clinic, dates: self.preferred_dates.clone(), note }))
    }
}

fn unknown_clinic() -> Problem {
    let mut checks = Checks::new();
    checks.fault("/clinic_code", UNKNOWN_CLINIC.code, UNKNOWN_CLINIC.detail);
    match checks.finish::<()>(None) {
        Err(problem) => problem,
        Ok(()) => Problem::not_found(),
    }
}

/// Lists one's own wishes.
#[utoipa::path(
    get, path = "/v1/me/checkup-wishes", operation_id = "listOwnCheckupWishes", summary = "自分の受診希望の一覧",
    description = "健診種別ごとの受診希望と予約の内容を返します。参照は監査証跡に記録されます。",
    security(("token" = ["checkups.wish"])), responses((status = 200, description = "受診希望", body = OwnWishes))
)]
pub(crate) async fn own(State(app): State<App>, permit: Permit<WishCheckup>) -> Result<Answer, Problem> {
    let found = app.store.own_wishes(&permit).await?;
    let items = found.into_iter().map(|stored| WishView::from(stored.record)).collect();
    Answer::ok(&OwnWishes { items, next_cursor: None })
}

/// Reads one's own wish.
#[utoipa::path(
    get, path = "/v1/me/checkup-wishes/{kind}", operation_id = "readOwnCheckupWish", summary = "自分の受診希望を確認する",
    params(("kind" = String, Path, description = "健診種別のキー（periodic など）")),
    security(("token" = ["checkups.wish"])), responses((status = 200, description = "受診希望", body = WishView))
)]
pub(crate) async fn read_own(
    State(app): State<App>,
    permit: Permit<WishCheckup>,
    Path(kind): Path<CheckupKind>,
) -> Result<Answer, Problem> {
    shown(app.store.own_wish(&permit, kind).await?)
}

/// Wishes for a checkup.
#[utoipa::path(
    put, path = "/v1/me/checkup-wishes/{kind}", operation_id = "wishForCheckup", summary = "受診を希望する",
    description = "健診種別ごとに1件です。If-Match を付けない場合は新しく登録します（予約待ちのものがある場合は412）。予約待ちの希望を変更する場合は If-Match を付けてください。予約が確定した後は変更できません（409）。変更したい場合は、取り下げてから登録してください。",
    params(
        ("kind" = String, Path, description = "健診種別のキー（periodic など）"),
        ("If-Match" = Option<String>, Header, description = "読み取ったときの ETag")
    ),
    request_body = WishBody, security(("token" = ["checkups.wish"])),
    responses((status = 200, description = "登録した受診希望", body = WishView))
)]
pub(crate) async fn wish(
    State(app): State<App>,
    permit: Permit<WishCheckup>,
    Path(kind): Path<CheckupKind>,
    version: Option<IfMatch>,
    Json(body): Json<WishBody>,
) -> Result<Answer, Problem> {
    let wanted = body.checked(app.clock().now().date())?;
    let prepared = app.store.wish(&permit, kind, version.map(IfMatch::version), wanted).await?;
    shown(prepared.ok_or_else(unknown_clinic)?.commit(&app.store).await?)
}

/// Takes a wish back.
#[utoipa::path(
    delete, path = "/v1/me/checkup-wishes/{kind}", operation_id = "withdrawCheckupWish", summary = "受診希望を取り下げる",
    description = "予約が確定した後の取り下げは、人事労務担当者などの一覧に表示されます。医療機関への連絡は自動では行われません。",
    params(
        ("kind" = String, Path, description = "健診種別のキー（periodic など）"),
        ("If-Match" = String, Header, description = "読み取ったときの ETag")
    ),
    security(("token" = ["checkups.wish"])), responses((status = 204, description = "取り下げました"))
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    permit: Permit<WishCheckup>,
    Path(kind): Path<CheckupKind>,
    version: IfMatch,
) -> Result<Answer, Problem> {
    app.store.withdraw_wish(&permit, kind, version.version()).await?.commit(&app.store).await?;
    Ok(Answer::nothing())
}

/// Which wishes, and which page.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WishQuery {
    state: Option<WishState>,
    #[serde(skip_serializing)]
    limit: Option<usize>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// Lists wishes.
#[utoipa::path(
    get, path = "/v1/checkup-wishes", operation_id = "listCheckupWishes", summary = "受診希望の一覧",
    description = "参照できる範囲の従業員の受診希望を、希望した順に返します。医療機関に渡す氏名・フリガナ・生年月日・性別は、参照できる場合にだけ含まれます。1ページの件数は limit より少ないことがあります。参照は監査証跡に記録されます。",
    params(
        ("state" = Option<String>, Query, description = "状態（wished：予約待ち、confirmed：予約済み、withdrawn：取り下げ。省略すると wished）", example = "wished"),
        ("limit" = Option<u16>, Query, description = "件数（1～200、既定50）"), ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["checkups.reservations"])), responses((status = 200, description = "希望した順", body = WishPage))
)]
pub(crate) async fn list(
    State(app): State<App>,
    permit: Permit<ManageReservations>,
    uri: Uri,
    Filters(query): Filters<WishQuery>,
) -> Result<Answer, Problem> {
    let limit = limit(query.limit)?;
    let pages = Pages::of(&app, &permit, "checkup-wishes", &query);
    let after = pages.after(query.cursor.as_deref()).await?;
    let state = query.state.unwrap_or(WishState::Wished);
    let (found, next) = app.store.wishes(&permit, state, after, limit).await?;
    let items = found.into_iter().map(|stored| WishView::from(stored.record)).collect();
    pages.answer(&uri, next, |next_cursor| WishPage { items, next_cursor }).await
}

/// Reads somebody's wish.
#[utoipa::path(
    get, path = "/v1/employees/{employee_id}/checkup-wishes/{kind}", operation_id = "readCheckupWish", summary = "従業員の受診希望を確認する",
    description = "参照は監査証跡に記録されます。",
    params(("employee_id" = String, Path, description = "従業員のID"), ("kind" = String, Path, description = "健診種別のキー（periodic など）")),
    security(("token" = ["checkups.reservations"])), responses((status = 200, description = "受診希望", body = WishView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    permit: Permit<ManageReservations>,
    Path((employee, kind)): Path<(EmployeeId, CheckupKind)>,
) -> Result<Answer, Problem> {
    shown(app.store.wish_of(&permit, employee, kind).await?)
}

/// What is booked, as it is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CheckupReservationBody)]
pub(crate) struct ReservationBody {
    /// 医療機関コード（GET /v1/checkups/clinics）。
    #[schema(example = "C001")]
    clinic_code: String,
    /// 受診日（明日から400日以内）。
    #[schema(value_type = String, format = Date, example = "2027-12-09")]
    on: Date,
    /// 受付の時刻（24時間表記）。
    #[schema(example = "09:30")]
    at: Option<String>,
    /// 本人への連絡（2,000文字以内）。メールには記載されません。
    #[schema(example = "前日の21時以降は食事をとらないでください。")]
    note: Option<String>,
}

impl ReservationBody {
    /// Reads the body; notes everything that is wrong with it.
    fn checked(&self, today: Date) -> Result<Booked, Problem> {
        let mut checks = Checks::new();
        let clinic = checks.field("/clinic_code", ClinicCode::parse(&self.clinic_code));
        let on = checks.field("/on", if is_ahead(self.on, today) { Ok(self.on) } else { Err(DAY) });
        let time = |text: &str| Time::strptime("%H:%M", text).map_err(|_| TIME);
        let at = checks.optional("/at", self.at.as_deref().map(time));
        let note = checks.optional("/note", self.note.as_deref().map(Remark::parse));
        checks.finish(clinic.zip(on).map(|(clinic, on)| Booked { clinic, on, at, note }))
    }
}

/// Confirms what is booked.
#[utoipa::path(
    put, path = "/v1/employees/{employee_id}/checkup-wishes/{kind}/reservation", operation_id = "confirmCheckupWish", summary = "受診の予約を登録する",
    description = "医療機関と受診日を登録し、本人に内容を含まないお知らせのメールを送信します。予約の変更にも使います。取り下げられた希望には登録できません（409）。",
    params(
        ("employee_id" = String, Path, description = "従業員のID"), ("kind" = String, Path, description = "健診種別のキー（periodic など）"),
        ("If-Match" = String, Header, description = "受診希望を読み取ったときの ETag")
    ),
    request_body = ReservationBody, security(("token" = ["checkups.reservations"])),
    responses((status = 200, description = "予約済みの受診希望", body = WishView))
)]
pub(crate) async fn confirm(
    State(app): State<App>,
    permit: Permit<ManageReservations>,
    Path(of): Path<(EmployeeId, CheckupKind)>,
    version: IfMatch,
    Json(body): Json<ReservationBody>,
) -> Result<Answer, Problem> {
    let booked = body.checked(app.clock().now().date())?;
    let prepared = app.store.confirm_wish(&permit, of, version.version(), booked).await?;
    shown(prepared.ok_or_else(unknown_clinic)?.commit(&app.store).await?)
}
