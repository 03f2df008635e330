//! Idempotency-Key: a `POST` that is sent again with the same key is answered again, and not done again.
//!
//! The claim on the key, with the sealed answer, is part of the business write's own transaction: there is no moment at which one is there and
//! the other is not. A second request that comes at the same time loses the claim and gets the first one's answer.

use axum::{body::Body, extract::FromRequest};
use http::Request;
use serde::de::DeserializeOwned;
use store::{Error, Prepared, ReplyKey};

use authz::{Permission, Permit};

use crate::{
    Answer, App, Problem,
    input::{parse, read},
    problem::{Fault, Kind},
};

/// A `POST` with a JSON body that creates something.
#[derive(Debug)]
pub struct Posted<T> {
    /// The body.
    pub body: T,
    key: Option<String>,
    bytes: axum::body::Bytes,
    operation: String,
}

impl<T: DeserializeOwned> FromRequest<App> for Posted<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let key = match parts.headers.get("idempotency-key").map(http::HeaderValue::to_str) {
            None => None,
            Some(Ok(key)) if (1..=255).contains(&key.len()) => Some(key.to_owned()),
            Some(_) => {
                let detail = "Idempotency-Key は1～255文字の英数字・記号で指定してください。";
                return Err(Problem::new(Kind::Malformed).with(Fault::at("Idempotency-Key", "bad_key", detail)));
            }
        };
        let bytes = read(&parts.headers, body).await?;
        let operation = format!("{} {}", parts.method, parts.uri.path());
        Ok(Self { body: parse(&bytes)?, key, bytes, operation })
    }
}

impl<T> Posted<T> {
    /// The same, for what must never happen twice: who sends no Idempotency-Key is asked for one.
    pub fn with_key(self) -> Result<Self, Problem> {
        if self.key.is_none() {
            let detail = "この操作には Idempotency-Key が必要です。再送しても二重に実行されないよう、操作ごとに一意の値を指定してください。";
            return Err(Problem::new(Kind::Malformed).with(Fault::at("Idempotency-Key", "required", detail)));
        }
        Ok(self)
    }

    /// Does it once: `prepare` makes the write ready, `answer` says what to answer, and both happen or neither. A key that was used before answers as it did then.
    pub async fn once<P: Permission, V>(
        self,
        app: &App,
        permit: &Permit<P>,
        prepare: impl AsyncFnOnce(T) -> Result<Prepared<V>, Problem>,
        answer: impl FnOnce(&V) -> Result<Answer, Problem>,
    ) -> Result<Answer, Problem> {
        let answers = |thing: &V| answer(thing).map(|answer| Answers { kept: answer.clone(), first: answer });
        self.once_showing(app, permit, prepare, answers).await
    }

    /// Like [`Self::once`], where the first answer shows a secret: what is kept, and answered to a repetition, is without it.
    pub async fn once_showing<P: Permission, V>(
        self,
        app: &App,
        permit: &Permit<P>,
        prepare: impl AsyncFnOnce(T) -> Result<Prepared<V>, Problem>,
        answers: impl FnOnce(&V) -> Result<Answers, Problem>,
    ) -> Result<Answer, Problem> {
        let Some(key) = self.key else {
            let prepared = prepare(self.body).await?;
            let answers = answers(&prepared.thing)?;
            prepared.commit(&app.store).await?;
            return Ok(answers.first);
        };
        let text = std::str::from_utf8(&self.bytes).map_err(|_| Problem::new(Kind::Malformed))?;
        let claim = app.store.reply_key(permit, &self.operation, &key, text).await?;
        if let Some(answer) = replay(app, permit, &claim).await? {
            return Ok(answer);
        }
        let prepared = prepare(self.body).await?;
        let answers = answers(&prepared.thing)?;
        match prepared.commit_once(&app.store, permit, &claim, &answers.kept).await {
            Ok(_) => Ok(answers.first),
            // Somebody else was faster, with the same key or with something that contradicts: the first one's answer is the answer.
            Err(error @ (Error::Conflict(_) | Error::Stale)) => replay(app, permit, &claim).await?.ok_or(error.into()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What is answered to a request, and what to its repetitions.
#[derive(Debug)]
pub struct Answers {
    /// The answer, with what is shown once.
    pub first: Answer,
    /// What is kept.
    pub kept: Answer,
}

async fn replay<P: Permission>(app: &App, permit: &Permit<P>, claim: &ReplyKey) -> Result<Option<Answer>, Problem> {
    let Some(reply) = app.store.reply::<P, Answer>(permit, claim).await? else { return Ok(None) };
    if reply.same_body { Ok(Some(reply.answer)) } else { Err(Problem::new(Kind::KeyReused)) }
}
