//! The relay: SES, and what its answers mean.

use std::time::Duration;

use authz::ids::{MailId, TenantId};
use aws_config::SdkConfig;
use aws_sdk_sesv2::{
    Client,
    config::{retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation::send_email::SendEmailError,
    types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag},
};
use domain::employee::MailAddress;
use store::{
    Delivery, Error,
    process::{NotStarted, required},
};

use crate::letter::Letter;

/// What takes mails from here.
#[derive(Debug, Clone)]
pub struct Relay {
    client: Client,
    from: String,
    reply_to: String,
    configuration_set: Option<String>,
}

impl Relay {
    /// Mails from `from`, answered to `reply_to`.
    #[must_use]
    pub fn new(config: &SdkConfig, from: String, reply_to: String, configuration_set: Option<String>) -> Self {
        // A request that is sent again by the client could be a mail that is sent twice: the outbox alone decides on another attempt.
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(8)).build();
        let config = aws_sdk_sesv2::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .build();
        Self { client: Client::from_conf(config), from, reply_to, configuration_set }
    }

    /// The relay that the environment describes: `MAIL_FROM`, and `MAIL_CONFIGURATION_SET` if there is one.
    pub fn from_env(config: &SdkConfig, reply_to: String) -> Result<Self, NotStarted> {
        let set = std::env::var("MAIL_CONFIGURATION_SET").ok().filter(|set| !set.is_empty());
        Ok(Self::new(config, required("MAIL_FROM")?, reply_to, set))
    }

    /// Hands a letter over: to one address, marked with ids alone, so that what comes back can be told whose it is.
    pub(crate) async fn send(
        &self,
        tenant: TenantId,
        mail: MailId,
        to: &MailAddress,
        letter: &Letter,
    ) -> Result<Delivery, Error> {
        let request = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .reply_to_addresses(&self.reply_to)
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .content(content(mail, letter)?)
            .email_tags(tag("tenant", &tenant)?)
            .email_tags(tag("mail", &mail)?)
            .set_configuration_set_name(self.configuration_set.clone());
        Ok(match Box::pin(request.send()).await {
            Ok(answer) => Delivery::Sent(answer.message_id.unwrap_or_default()),
            Err(error) => not_sent(&error),
        })
    }
}

fn content(mail: MailId, letter: &Letter) -> Result<EmailContent, Error> {
    let text = |data: &str| Content::builder().charset("UTF-8").data(data).build().map_err(incomplete);
    let header =
        |name: &str, value: String| MessageHeader::builder().name(name).value(value).build().map_err(incomplete);
    let message = Message::builder()
        .subject(text(letter.subject.as_str())?)
        .body(Body::builder().text(text(&letter.text)?).html(text(&letter.html)?).build())
        // Nobody's holiday notice shall come back.
        .headers(header("Auto-Submitted", "auto-generated".to_owned())?)
        .headers(header("X-Ailes-Mail", mail.to_string())?)
        .build();
    Ok(EmailContent::builder().simple(message).build())
}

fn tag(name: &str, value: &impl ToString) -> Result<MessageTag, Error> {
    MessageTag::builder().name(name).value(value.to_string()).build().map_err(incomplete)
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn incomplete(error: aws_sdk_sesv2::error::BuildError) -> Error {
    Error::Internal(error.to_string())
}

/// What an error means. Its text may hold the address: only its code is kept.
fn not_sent<R>(error: &SdkError<SendEmailError, R>) -> Delivery {
    let Some(answer) = error.as_service_error() else {
        return Delivery::Later("no_answer".to_owned());
    };
    let code = answer.code().unwrap_or("unknown").to_owned();
    // SES says so too where the sender's own identity is not verified: a fault of the deployment, which loses no mail.
    let of_setup = answer.message().is_some_and(|message| message.contains("not verified"));
    match answer {
        _ if of_setup => Delivery::Later(code),
        // Of this mail: another attempt says the same.
        SendEmailError::MessageRejected(_) | SendEmailError::BadRequestException(_) => Delivery::Refused(code),
        // Of our own account, or passing: mended without this mail.
        _ => Delivery::Later(code),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sesv2::{
        config::http::HttpResponse,
        error::{ConnectorError, ErrorMetadata},
        types::error::{BadRequestException, MessageRejected, SendingPausedException, TooManyRequestsException},
    };

    use super::*;

    fn meta(code: &str) -> ErrorMetadata {
        ErrorMetadata::builder().code(code).message("Something about hanako@example.co.jp").build()
    }

    fn answered(error: SendEmailError) -> Delivery {
        let response = HttpResponse::new(400.try_into().unwrap(), "".into());
        not_sent(&SdkError::service_error(error, response))
    }

    #[test]
    fn a_sender_that_is_not_verified_yet_loses_no_mail() {
        let text = "Email address is not verified. The following identities failed the check: no-reply@example.com";
        let meta = ErrorMetadata::builder().code("MessageRejected").message(text).build();
        let rejected = MessageRejected::builder().meta(meta).build();
        assert_eq!(answered(SendEmailError::MessageRejected(rejected)), Delivery::Later("MessageRejected".to_owned()));
    }

    #[test]
    fn what_is_wrong_with_the_mail_is_final_and_everything_else_passes() {
        let rejected = MessageRejected::builder().meta(meta("MessageRejected")).build();
        let bad = BadRequestException::builder().meta(meta("BadRequestException")).build();
        let throttled = TooManyRequestsException::builder().meta(meta("TooManyRequestsException")).build();
        let paused = SendingPausedException::builder().meta(meta("SendingPausedException")).build();
        assert_eq!(
            answered(SendEmailError::MessageRejected(rejected)),
            Delivery::Refused("MessageRejected".to_owned())
        );
        assert_eq!(
            answered(SendEmailError::BadRequestException(bad)),
            Delivery::Refused("BadRequestException".to_owned())
        );
        let later = |code: &str| Delivery::Later(code.to_owned());
        assert_eq!(answered(SendEmailError::TooManyRequestsException(throttled)), later("TooManyRequestsException"));
        assert_eq!(answered(SendEmailError::SendingPausedException(paused)), later("SendingPausedException"));
        let gone: SdkError<SendEmailError, HttpResponse> =
            SdkError::dispatch_failure(ConnectorError::io("gone".into()));
        assert_eq!(not_sent(&gone), later("no_answer"));
    }
}
