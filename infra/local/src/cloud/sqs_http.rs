//! SQS's JSON protocol in front of the queues.

use std::time::Duration;

use http::{HeaderValue, StatusCode};
use hyper::body::Incoming;
use serde_json::{Map, Value, json};

use super::iam;
use super::sqs::{self, Message, Sqs};
use crate::serve::{self, Answer, BoxError, ServiceError};
use crate::{ACCOUNT, Error};

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
const LARGEST_BODY: usize = 2 * 1024 * 1024;
/// SQS takes messages up to 1 MiB.
const LARGEST_MESSAGE: usize = 1024 * 1024;

impl Sqs {
    pub(crate) async fn answer(self, request: http::Request<Incoming>, endpoint: String) -> Result<Answer, BoxError> {
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let operation = target.strip_prefix("AmazonSQS.").unwrap_or_default().to_owned();
        let signer = iam::signer(request.headers()).map(str::to_owned);
        let outcome = match serve::read_body(request.into_body(), LARGEST_BODY).await {
            Ok(body) => match serde_json::from_slice::<Value>(&body) {
                Ok(input) => match self.check(signer.as_deref(), &operation, &input) {
                    Ok(()) => self.call(&operation, &input, &endpoint).await,
                    Err(refused) => Err(refused),
                },
                Err(error) => Err(ServiceError::client("SerializationException", error.to_string())),
            },
            Err(error) => Err(error),
        };
        self.counters.called("sqs", &operation, outcome.is_err());
        Ok(match outcome {
            Ok(output) => serve::json_answer(StatusCode::OK, CONTENT_TYPE, &output),
            Err(error) => refused(&error),
        })
    }

    /// Whether whoever signed may do this with the queue.
    fn check(&self, signer: Option<&str>, operation: &str, input: &Value) -> Result<(), ServiceError> {
        let Some(iam) = &self.iam else { return Ok(()) };
        let queue = input["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
        let action = format!("sqs:{}", operation.trim_end_matches("Batch"));
        let request = iam::Request::new(action, iam::logical(queue, "Queue"));
        iam.check(signer, &[request]).map_err(|refused| ServiceError::client("AccessDeniedException", refused))
    }

    async fn call(&self, operation: &str, input: &Value, endpoint: &str) -> Result<Value, ServiceError> {
        let url = |queue: &str| format!("{endpoint}/{ACCOUNT}/{queue}");
        match operation {
            "GetQueueUrl" => {
                let queue = self.known(input["QueueName"].as_str().unwrap_or_default())?;
                return Ok(json!({ "QueueUrl": url(&queue) }));
            }
            "ListQueues" => {
                let prefix = input["QueueNamePrefix"].as_str().unwrap_or_default();
                let urls: Vec<_> = self.names().filter(|name| name.starts_with(prefix)).map(|name| url(name)).collect();
                return Ok(json!({ "QueueUrls": urls }));
            }
            _ => {}
        }
        let queue_url = input["QueueUrl"].as_str().unwrap_or_default();
        let queue = self.known(queue_url.rsplit('/').next().unwrap_or_default())?;
        match operation {
            "SendMessage" => self.send_one(&queue, input),
            "SendMessageBatch" => Ok(batch(input, |entry| self.send_one(&queue, entry))),
            "ReceiveMessage" => self.receive_waiting(&queue, input).await,
            "DeleteMessage" => self.delete_one(&queue, input),
            "DeleteMessageBatch" => Ok(batch(input, |entry| self.delete_one(&queue, entry))),
            "ChangeMessageVisibility" => self.change_one(&queue, input),
            "ChangeMessageVisibilityBatch" => Ok(batch(input, |entry| self.change_one(&queue, entry))),
            "GetQueueAttributes" => {
                let depth = self.depth(&queue)?;
                let visibility = self.spec(&queue).map_or(30, |spec| spec.visibility.as_secs());
                Ok(json!({ "Attributes": {
                    "QueueArn": sqs::arn(&queue),
                    "ApproximateNumberOfMessages": depth.waiting.to_string(),
                    "ApproximateNumberOfMessagesNotVisible": depth.hidden.to_string(),
                    "ApproximateNumberOfMessagesDelayed": "0",
                    "VisibilityTimeout": visibility.to_string(),
                } }))
            }
            _ => Err(ServiceError::client("UnknownOperationException", format!("not served here: {operation}"))),
        }
    }

    fn known(&self, queue: &str) -> Result<String, ServiceError> {
        match self.spec(queue) {
            Some(spec) => Ok(spec.name.clone()),
            None => Err(ServiceError::client(
                "com.amazonaws.sqs#QueueDoesNotExist",
                format!("The specified queue does not exist: {queue}"),
            )),
        }
    }

    fn send_one(&self, queue: &str, input: &Value) -> Result<Value, ServiceError> {
        let body = input["MessageBody"].as_str().unwrap_or_default();
        if body.is_empty() || body.len() > LARGEST_MESSAGE {
            let message = "The message body must hold 1 to 1048576 bytes.";
            return Err(ServiceError::client("com.amazonaws.sqs#InvalidParameterValue", message));
        }
        let delay = Duration::from_secs(input["DelaySeconds"].as_u64().unwrap_or(0).min(900));
        let id = self.send_with(queue, body, &input["MessageAttributes"], delay)?;
        Ok(json!({ "MessageId": id, "MD5OfMessageBody": sqs::md5_hex(body) }))
    }

    async fn receive_waiting(&self, queue: &str, input: &Value) -> Result<Value, ServiceError> {
        let limit = usize::try_from(input["MaxNumberOfMessages"].as_u64().unwrap_or(1).clamp(1, 10)).unwrap_or(1);
        let visibility = input["VisibilityTimeout"].as_u64().map(Duration::from_secs);
        let wait = Duration::from_secs(input["WaitTimeSeconds"].as_u64().unwrap_or(0).min(20));
        let deadline = tokio::time::Instant::now() + wait;
        let mut changed = self.changed();
        loop {
            let messages = self.receive(queue, limit, visibility)?;
            if !messages.is_empty() || tokio::time::Instant::now() >= deadline {
                let messages: Vec<_> = messages.iter().map(received).collect();
                return Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) });
            }
            let back = self.next_visible_in(queue)?.unwrap_or(wait).min(wait);
            tokio::select! {
                _ = changed.changed() => {}
                () = tokio::time::sleep(back) => {}
                () = tokio::time::sleep_until(deadline) => {}
            }
        }
    }

    fn delete_one(&self, queue: &str, input: &Value) -> Result<Value, ServiceError> {
        self.delete(queue, input["ReceiptHandle"].as_str().unwrap_or_default())?;
        Ok(json!({}))
    }

    fn change_one(&self, queue: &str, input: &Value) -> Result<Value, ServiceError> {
        let visibility = Duration::from_secs(input["VisibilityTimeout"].as_u64().unwrap_or(0).min(43_200));
        if self.change_visibility(queue, input["ReceiptHandle"].as_str().unwrap_or_default(), visibility)? {
            Ok(json!({}))
        } else {
            Err(ServiceError::client("com.amazonaws.sqs#MessageNotInflight", "The message is not in flight."))
        }
    }
}

/// SDKs tell SQS's errors apart by the names that its older protocol gave them.
fn refused(error: &ServiceError) -> Answer {
    let query_error = match error.code {
        "com.amazonaws.sqs#QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue;Sender",
        "com.amazonaws.sqs#MessageNotInflight" => "AWS.SimpleQueueService.MessageNotInflight;Sender",
        "com.amazonaws.sqs#InvalidParameterValue" => "InvalidParameterValue;Sender",
        _ => return error.answer(CONTENT_TYPE),
    };
    let mut answer = error.answer(CONTENT_TYPE);
    answer.headers_mut().insert("x-amzn-query-error", HeaderValue::from_static(query_error));
    answer
}

/// What SQS and the event source mapping say about a message beside its body.
pub(crate) fn system_attributes(message: &Message) -> Value {
    json!({
        "ApproximateReceiveCount": message.receives.to_string(),
        "SentTimestamp": message.sent_ms.to_string(),
        "SenderId": ACCOUNT,
        "ApproximateFirstReceiveTimestamp": message.first_received_ms.to_string(),
    })
}

fn received(message: &Message) -> Value {
    let mut output = json!({
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "MD5OfBody": sqs::md5_hex(&message.body),
        "Attributes": system_attributes(message),
    });
    if message.attributes.is_object() {
        output["MessageAttributes"] = message.attributes.clone();
    }
    output
}

/// Runs each entry of a batch and answers which worked.
fn batch(input: &Value, mut one: impl FnMut(&Value) -> Result<Value, ServiceError>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in input["Entries"].as_array().into_iter().flatten() {
        match one(entry) {
            Ok(output) => {
                let mut output = if let Value::Object(fields) = output { fields } else { Map::new() };
                output.insert("Id".to_owned(), entry["Id"].clone());
                successful.push(Value::Object(output));
            }
            Err(error) => failed.push(json!({ "Id": entry["Id"], "Code": error.code, "Message": error.message,
                "SenderFault": error.status.is_client_error() })),
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        Self::Config(error.message)
    }
}
