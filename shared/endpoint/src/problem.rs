//! Problems: what every refused request answers (RFC 9457, `application/problem+json`).
//!
//! All kinds stand in one table with their status, title (English) and detail (Japanese: what to do). A problem never holds a secret or
//! a person's data. `instance` is the request's id; on a 404 it is the route's pattern instead, so that another tenant's id and an id
//! that never was answer with the same bytes. The request's id is in the `x-request-id` header of every answer.

use authz::{Denied, ImportKind};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use domain::account::password::Violation;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use store::{AccountRefused, Conflict, rates::Rated};
use utoipa::ToSchema;

/// What kind of problem. The order is that of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Not JSON, or not the JSON that is asked for.
    Malformed,
    /// A cursor, a limit or a filter that is none.
    BadQuery,
    /// No good token.
    Unauthenticated,
    /// The sign-in did not succeed. One kind for every reason.
    SignInFailed,
    /// The same at a shared terminal, where there is also nothing left to answer.
    KioskSignInFailed,
    /// No role has the permission.
    Forbidden,
    /// A second factor is needed.
    SecondFactorRequired,
    /// A fresh one-time password is needed.
    FreshSecondFactorRequired,
    /// A stronger password is needed.
    StrongerPasswordRequired,
    /// The initial password must be changed first.
    PasswordChangeRequired,
    /// The address is not allowed.
    AddressNotAllowed,
    /// The contract has ended.
    ContractEnded,
    /// Unknown, or out of reach.
    NotFound,
    /// The path knows other methods.
    MethodNotAllowed,
    /// Contradicts what is stored.
    Conflict,
    /// Changed since it was read.
    Stale,
    /// Too large.
    TooLarge,
    /// Not JSON by its content type.
    UnsupportedMedia,
    /// Well-formed, but breaks a rule.
    Invalid,
    /// The Idempotency-Key was used with another body.
    KeyReused,
    /// If-Match is missing.
    PreconditionRequired,
    /// Too many requests.
    TooMany,
    /// A fault of ours.
    Internal,
    /// For the moment.
    Unavailable,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Which kind.
    pub kind: Kind,
    /// The last part of its address.
    pub slug: &'static str,
    /// The status.
    pub status: u16,
    /// In English.
    pub title: &'static str,
    /// In Japanese: what to do.
    pub detail: &'static str,
}

const fn row(kind: Kind, slug: &'static str, status: u16, title: &'static str, detail: &'static str) -> Row {
    Row { kind, slug, status, title, detail }
}

/// The table of problems.
#[rustfmt::skip]
pub const PROBLEMS: &[Row] = &[
    row(Kind::Malformed, "malformed", 400, "Malformed request", "リクエストの形式が正しくありません。errors の内容を確認し、修正して再送してください。"),
    row(Kind::BadQuery, "bad-query", 400, "Malformed query", "クエリパラメータが正しくありません。limit・cursor・絞り込み条件を確認してください。"),
    row(Kind::Unauthenticated, "unauthenticated", 401, "Not signed in", "有効なアクセストークンがありません。サインインし直してください。"),
    row(Kind::SignInFailed, "sign-in-failed", 401, "Sign-in failed", "サインインできませんでした。契約コード・ログインID・パスワード・ワンタイムパスワードを確認してください。続けて失敗するとサインインが抑止されます。"),
    row(Kind::KioskSignInFailed, "kiosk-sign-in-failed", 401, "Sign-in at a shared terminal failed", "受付できませんでした。契約コード・受付コード・社員番号・生年月日を確認してください。すでに提出した場合、対象でない場合、受付期間外の場合も同じ表示になります。続けて失敗すると、しばらく受付できなくなります。"),
    row(Kind::Forbidden, "forbidden", 403, "Not permitted", "この操作を行う権限がありません。必要な場合はシステム管理者に権限の付与を依頼してください。"),
    row(Kind::SecondFactorRequired, "second-factor-required", 403, "Second factor required", "この操作にはワンタイムパスワードによるサインインが必要です。ワンタイムパスワードを登録し、サインインし直してください。"),
    row(Kind::FreshSecondFactorRequired, "fresh-second-factor-required", 403, "Fresh one-time password required", "この操作には5分以内のワンタイムパスワードの再入力が必要です。POST /v1/sessions/step-up で再入力してください。"),
    row(Kind::StrongerPasswordRequired, "stronger-password-required", 403, "Stronger password required", "この権限には12文字以上のパスワードが必要です。パスワードを変更してください。"),
    row(Kind::PasswordChangeRequired, "password-change-required", 403, "Password change required", "初期パスワードのままです。PUT /v1/me/password でパスワードを変更してください。"),
    row(Kind::AddressNotAllowed, "address-not-allowed", 403, "Address not allowed", "接続元のIPアドレスからはこの操作を行えません。許可されたネットワークから接続するか、システム管理者に確認してください。"),
    row(Kind::ContractEnded, "contract-ended", 403, "Contract has ended", "契約が終了しているため、この操作は行えません。"),
    row(Kind::NotFound, "not-found", 404, "Not found", "指定されたものは存在しないか、参照できる範囲にありません。"),
    row(Kind::MethodNotAllowed, "method-not-allowed", 405, "Method not allowed", "このパスではそのメソッドを使用できません。"),
    row(Kind::Conflict, "conflict", 409, "Conflict", "登録済みの内容と矛盾します。errors の内容を確認してください。"),
    row(Kind::Stale, "stale", 412, "Changed meanwhile", "読み取った後に内容が変更されています。最新の内容を読み直してから、あらためて操作してください。"),
    row(Kind::TooLarge, "too-large", 413, "Too large", "リクエストの本文が大きすぎます（上限1MiB）。ファイルは取込機能を使って送信してください。"),
    row(Kind::UnsupportedMedia, "unsupported-media-type", 415, "Unsupported media type", "Content-Type には application/json を指定してください。"),
    row(Kind::Invalid, "invalid", 422, "Invalid input", "入力内容に誤りがあります。errors の各項目を修正して再送してください。"),
    row(Kind::KeyReused, "idempotency-key-reused", 422, "Idempotency-Key reused", "同じ Idempotency-Key が異なる内容のリクエストに使用されています。新しいキーを指定してください。"),
    row(Kind::PreconditionRequired, "precondition-required", 428, "If-Match required", "変更・削除には If-Match ヘッダーが必要です。読み取ったときの ETag を指定してください。"),
    row(Kind::TooMany, "too-many-requests", 429, "Too many requests", "リクエストが多すぎます。Retry-After の秒数だけ待ってから再送してください。"),
    row(Kind::Internal, "internal", 500, "Internal error", "処理中に問題が発生しました。解消しない場合は、instance の値を添えてサポート窓口へご連絡ください。"),
    row(Kind::Unavailable, "unavailable", 503, "Temporarily unavailable", "一時的に処理できません。Retry-After の秒数だけ待ってから再送してください。"),
];

impl Kind {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static Row {
        // The rows stand in the order of the enum, which a test holds.
        &PROBLEMS[self as usize]
    }
}

/// Where the kinds of problems are explained: the address of a kind is this and its slug.
pub const PROBLEM_BASE: &str = "/v1/problems/";

/// One fault in the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// 本文での場所（JSON Pointer）、またはパラメータ名。
    #[schema(example = "/login_id")]
    pub pointer: String,
    /// 誤りの種類を表す、変わらないコード。
    #[schema(example = "required")]
    pub code: String,
    /// 対処方法。
    #[schema(example = "入力してください。")]
    pub detail: String,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn at(pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), detail: detail.into() }
    }
}

/// A request that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub kind: Kind,
    /// All faults at once, where it is about input.
    pub errors: Vec<Fault>,
    /// When to try again, in seconds.
    pub retry_after: Option<u32>,
    /// How the limit stands that the request was counted by.
    pub rated: Option<Rated>,
}

/// A problem on the wire. `instance` is filled in by [`crate::answer`], which knows the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    /// 問題の種類を説明するアドレス。
    #[serde(rename = "type")]
    #[schema(example = "/v1/problems/not-found")]
    pub kind: String,
    /// 問題の種類の名称（英語）。
    #[schema(example = "Not found")]
    pub title: String,
    /// HTTP ステータス。
    #[schema(example = 404)]
    pub status: u16,
    /// 対処方法。
    #[schema(example = "指定されたものは存在しないか、参照できる範囲にありません。")]
    pub detail: String,
    /// リクエストのID。404 の場合はパスの型。
    #[schema(example = "/v1/employees/{employee_id}")]
    pub instance: String,
    /// 入力の誤り（すべて）。
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub const fn new(kind: Kind) -> Self {
        Self { kind, errors: Vec::new(), retry_after: None, rated: None }
    }

    /// There is no such thing.
    #[must_use]
    pub const fn not_found() -> Self {
        Self::new(Kind::NotFound)
    }

    /// The input breaks rules: these.
    #[must_use]
    pub fn invalid(errors: Vec<Fault>) -> Self {
        Self { errors, ..Self::new(Kind::Invalid) }
    }

    /// With this fault.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        self.errors.push(fault);
        self
    }

    /// Tells how the limit stands that the request was counted by.
    #[must_use]
    pub const fn rated(mut self, rated: Rated) -> Self {
        self.rated = Some(rated);
        self
    }

    /// Try again after this many seconds.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn document(&self, instance: String) -> Document {
        let row = self.kind.row();
        Document {
            kind: format!("{PROBLEM_BASE}{}", row.slug),
            title: row.title.to_owned(),
            status: row.status,
            detail: row.detail.to_owned(),
            instance,
            errors: self.errors.clone(),
        }
    }
}

impl IntoResponse for Problem {
    /// The problem rides along as an extension; the layer of [`crate::answer`] writes it out with its instance.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.kind.row().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.document(String::new()))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after.or((status == StatusCode::SERVICE_UNAVAILABLE).then_some(5)) {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(rated) = &self.rated {
            rate_headers(headers, rated);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Tells how a limit stands (`RateLimit` header fields for HTTP, draft of the IETF's HTTPAPI group).
pub(crate) fn rate_headers(headers: &mut HeaderMap, Rated { limit, left, resets_in }: &Rated) {
    for (name, value) in [
        ("ratelimit-policy", format!("\"{}\";q={};w={}", limit.name, limit.most, limit.seconds)),
        ("ratelimit", format!("\"{}\";r={left};t={resets_in}", limit.name)),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Self::new(match denied {
            Denied::Unauthenticated => Kind::Unauthenticated,
            Denied::Forbidden => Kind::Forbidden,
            Denied::SecondFactorRequired => Kind::SecondFactorRequired,
            Denied::FreshSecondFactorRequired => Kind::FreshSecondFactorRequired,
            Denied::StrongerPasswordRequired => Kind::StrongerPasswordRequired,
            Denied::AddressNotAllowed => Kind::AddressNotAllowed,
            Denied::PasswordChangeRequired => Kind::PasswordChangeRequired,
            Denied::NotContracted => Kind::NotFound,
            Denied::ContractEnded => Kind::ContractEnded,
        })
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        use store::Error;
        match error {
            Error::NotFound => Self::not_found(),
            Error::Stale => Self::new(Kind::Stale),
            // It contradicts nothing: what was sent names something that is not there.
            Error::Conflict(
                rule @ (Conflict::MissingReference
                | Conflict::NotTheStressCheckAlone
                | Conflict::AfterLeaving
                | Conflict::NotUndoable
                | Conflict::NoOwnCriteria
                | Conflict::BeforeBirth
                | Conflict::UnfitParent),
            ) => Self::new(Kind::Invalid).with(fault_of(rule)),
            Error::Conflict(conflict) => Self::new(Kind::Conflict).with(fault_of(conflict)),
            Error::BadCursor => Self::new(Kind::BadQuery).with(Fault::at(
                "cursor",
                "bad_cursor",
                "cursor が正しくありません。一覧の先頭から読み直してください。",
            )),
            Error::Denied(denied) => denied.into(),
            Error::TooMany(rated) => {
                let seconds = u32::try_from(rated.resets_in).unwrap_or(60).max(1);
                Self::new(Kind::TooMany).rated(rated).retry_after(seconds)
            }
            Error::Unavailable(reason) => {
                tracing::warn!(reason, "unavailable");
                Self::new(Kind::Unavailable)
            }
            Error::Internal(reason) => {
                tracing::error!(reason, "internal error");
                Self::new(Kind::Internal)
            }
        }
    }
}

/// What a conflict is about, and what to do.
#[expect(clippy::too_many_lines, reason = "a table, one row per conflict")]
fn fault_of(conflict: Conflict) -> Fault {
    let (pointer, code, detail) = match conflict {
        Conflict::EmployeeNumberTaken => {
            ("/employee_number", "employee_number_taken", "この社員番号は既に登録されています。")
        }
        Conflict::LoginTaken => ("/login_id", "login_taken", "このログインIDは既に使用されています。"),
        Conflict::TenantCodeTaken => ("/tenant_code", "tenant_code_taken", "この契約コードは既に使用されています。"),
        Conflict::CodeTaken => ("/code", "code_taken", "このコードは既に登録されています。"),
        Conflict::InUse => {
            ("", "in_use", "他で使用されているため削除できません。使用している箇所を先に変更してください。")
        }
        Conflict::HasRecords => (
            "",
            "has_records",
            "この従業員に関する記録が残っているため削除できません。退職した従業員は、退職として登録してください。",
        ),
        Conflict::LabelTaken => ("/name", "name_taken", "同じ名称のラベルが既に登録されています。"),
        Conflict::ImportRunning => (
            "",
            "import_running",
            "従業員の取込が進行中のため削除できません。取込が終わってから、もう一度操作してください。",
        ),
        Conflict::LeftBeforeHired => {
            ("/left_on", "retired_before_hired", "退職年月日が入社年月日より前です。日付を確かめてください。")
        }
        Conflict::DepartmentCycle => {
            ("/parent_id", "department_cycle", "上位部署の指定が循環しているか、階層が深すぎます。")
        }
        Conflict::MissingReference => ("", "missing_reference", "参照先が存在しません。登録内容を確認してください。"),
        Conflict::WrongState => ("", "wrong_state", "現在の状態ではこの操作を行えません。"),
        Conflict::LastAdministrator => {
            ("", "last_administrator", "利用可能なシステム管理者が1名もいなくなるため、この操作は行えません。")
        }
        Conflict::NotTheStressCheckAlone => (
            "/stress_second_factor",
            "not_the_stress_check_alone",
            "ストレスチェック以外のサービスも契約しているため、ワンタイムパスワードを任意にはできません。",
        ),
        Conflict::SecondPersonNeeded => (
            "",
            "second_person_needed",
            "依頼した本人は承認できません。24時間以内に別のシステム管理者が同じ操作を行ってください。",
        ),
        Conflict::PersonnelAuthority => (
            "",
            "personnel_authority",
            "人事権を持つ者は、ストレスチェックの実施者・実施事務従事者になれません（労働安全衛生規則第52条の10第2項）。",
        ),
        Conflict::WouldShutOut => (
            "/networks",
            "would_shut_out",
            "現在の接続元がこの一覧に含まれていないため、保存すると操作できなくなります。それでも保存する場合は force に true を指定してください。",
        ),
        Conflict::AccountExists => ("/employee_id", "account_exists", "この従業員には既にアカウントがあります。"),
        Conflict::OtpReplayed => {
            ("/code", "otp_replayed", "このワンタイムパスワードは使用済みです。次のコードを入力してください。")
        }
        Conflict::UnderRetention(Some(until)) => {
            let detail = format!(
                "法定の保存期間内の健康診断の記録があるため、{}年{}月{}日までは削除できません。",
                until.year(),
                until.month(),
                until.day()
            );
            return Fault::at("", "under_retention", detail);
        }
        Conflict::UnderRetention(None) => (
            "",
            "under_retention",
            "健康診断の記録が残っているため削除できません。保存期間の設定により記録が削除された後に操作してください。",
        ),
        Conflict::VoidedNotDeleted(until) => {
            let until = until.map_or_else(String::new, |day| {
                format!("（法定の保存期間は{}年{}月{}日まで）", day.year(), day.month(), day.day())
            });
            let detail = format!(
                "健康診断の記録は削除できません{until}。誤って登録した記録は、reason に理由を指定して無効にしてください。"
            );
            return Fault::at("reason", "under_retention", detail);
        }
        Conflict::CriteriaVersionTaken => (
            "/criteria/version",
            "version_taken",
            "この名称の版は既にあります。判定は版の名称で区別されるため、新しい名称を指定してください。",
        ),
        Conflict::NoOwnCriteria => (
            "/examined_from",
            "required",
            "独自の判定基準が登録されていません。既定の判定基準で判定し直す場合は、対象とする最初の受診日を指定してください。",
        ),
        Conflict::CheckupExists => (
            "/examined_on",
            "checkup_exists",
            "同じ受診日・健診種別の健康診断が既に登録されています。PATCH で訂正してください。",
        ),
        Conflict::MonthExists => {
            ("/month", "month_exists", "この年月の労働時間は既に登録されています。PUT で訂正してください。")
        }
        Conflict::InterviewExists => {
            ("", "interview_exists", "同じ対象についての面談が既に登録されています。登録済みの面談を確認してください。")
        }
        Conflict::LeaveCaseExists => (
            "",
            "leave_case_exists",
            "この従業員には、進行中の休職のケースがあります。登録済みのケースを確認してください。",
        ),
        Conflict::SlotTaken => (
            "/slot_id",
            "slot_taken",
            "この予約枠は、他の予約が入ったか、取り下げられました。予約枠の一覧から選び直してください。",
        ),
        Conflict::SlotOver => {
            ("/slot_id", "slot_over", "この予約枠の開始日時は過ぎました。予約枠の一覧から選び直してください。")
        }
        Conflict::SlotsOverlap => {
            ("/starts_at", "slots_overlap", "担当者には、この時間と重なる予約枠があります。日時を変更してください。")
        }
        Conflict::AfterLeaving => {
            ("/examined_on", "retired_employee", "受診日が退職年月日より後です。従業員と日付を確かめてください。")
        }
        Conflict::BeforeBirth => {
            ("/examined_on", "date_invalid", "受診日が生年月日より前です。従業員と日付を確かめてください。")
        }
        Conflict::UnfitParent => (
            "/parent_id",
            "parent_invalid",
            "同じ従業員の、受診日が同日以前の一次の健康診断を指定してください。二次検査どうしを紐づけることはできません。",
        ),
        Conflict::UploadOver => (
            "",
            "upload_over",
            "取込ファイルの保存期間（取込の終了から7日間）が過ぎました。もう一度ファイルを取り込んでください。",
        ),
        Conflict::NotUndoable => (
            "",
            "not_undoable",
            "この種別の取込は取り消せません（取り消せるのは、従業員と健康診断結果の取込です）。部署・アカウントは、修正したファイルを取り込むか、画面・API で個別に変更してください。",
        ),
        Conflict::UndoOver => {
            ("", "undo_over", "取込を取り消せる期間（反映から30日間）が過ぎました。個別に訂正してください。")
        }
        Conflict::UploadMissing => (
            "",
            "upload_missing",
            "ファイルがまだ届いていません。upload に示したアドレスへの送信が終わってから、もう一度操作してください。",
        ),
        Conflict::StillInOverlap => (
            "",
            "still_in_overlap",
            "前の認証情報もまだ有効です（同時に有効なのは2つまでです）。先に失効させるか、overlap_hours に 0 を指定してください。",
        ),
        Conflict::FiguresContradict => (
            "",
            "figures_contradict",
            "報告書の数値に矛盾があるため確定できません。GET /v1/reports/form-6 の violations を確認し、在籍労働者数などを修正してください。",
        ),
        Conflict::AnswersDeleted => (
            "",
            "answers_deleted",
            "回答は保存期間を過ぎたため削除されました。結果はこれまでどおり確認できますが、回答を用いる操作（差し戻し、集団分析など）はできません。",
        ),
        Conflict::NotEnoughPoints => ("/points", "not_enough_points", "使用できるポイントが足りません。"),
        Conflict::RulesTooEarly(earliest) => {
            let detail = format!("締め切った日の規則は変更できません。{earliest} 以降の日を指定してください。");
            return Fault::at("/valid_from", "too_early", detail);
        }
        Conflict::TooMany => ("", "too_many", "登録できる件数の上限に達しています。"),
    };
    Fault::at(pointer, code, detail)
}

/// Every rule that a password at `pointer` breaks.
#[must_use]
pub fn password_faults(pointer: &str, broken: &[Violation]) -> Vec<Fault> {
    broken.iter().map(|rule| Fault::at(pointer, rule.code(), rule.detail())).collect()
}

/// Why an account was not made or not changed; its password came at `password`.
#[must_use]
pub fn account_refused(refused: &AccountRefused, password: &str) -> Problem {
    Problem::invalid(match refused {
        AccountRefused::Password(broken) => password_faults(password, broken),
        AccountRefused::Grants(faults) => {
            faults.iter().map(|fault| Fault::at(fault.pointer(), fault.code(), fault.detail())).collect()
        }
        AccountRefused::NoMail => {
            let detail = "初期パスワードを指定しない場合は招待メールを送信するため、メールアドレスが必要です。";
            vec![Fault::at("/mail", "required", detail)]
        }
        AccountRefused::UnknownEmployee => {
            vec![Fault::at("/employee_id", "missing_reference", "この従業員は登録されていません。")]
        }
    })
}

/// The fault of an import kind that the caller may not use, or that does not exist yet.
#[must_use]
pub fn import_kind_unknown(kind: Option<ImportKind>) -> Fault {
    let detail = match kind {
        Some(_) => "この種別の取込はまだ利用できません。",
        None => "取込の種別が正しくありません。",
    };
    Fault::at("/kind", "unknown_kind", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_row_in_its_place() {
        for (index, row) in PROBLEMS.iter().enumerate() {
            assert_eq!(
                row.kind as usize, index,
                "PROBLEMS must list every kind in the order of the enum: {}",
                row.slug
            );
            assert_eq!(row.kind.row().slug, row.slug);
        }
        assert_eq!(PROBLEMS.len(), Kind::Unavailable as usize + 1);
    }
}
