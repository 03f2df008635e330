//! What SES publishes of a mail that it took, as `EventBridge` hands it on: bounces and complaints. The tags that a mail left with ([`crate::Relay`]) say whose it is.

use domain::employee::MailAddress;
use serde::Deserialize;
use store::{Cause, Feedback, MailPlace};

#[derive(Deserialize)]
struct Event {
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(tag = "eventType")]
enum Detail {
    Bounce { bounce: Bounce, mail: Mail },
    Complaint { complaint: Complaint, mail: Mail },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complained_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    tags: Tags,
}

/// SES gives each tag as a list; ours have one value.
#[derive(Deserialize)]
struct Tags {
    tenant: [String; 1],
    mail: [String; 1],
}

/// Which mail an event is about, and what it tells; none where it is about no mail of ours.
pub(crate) fn read(body: &str) -> Option<(MailPlace, Feedback)> {
    let Event { detail } = serde_json::from_str(body).ok()?;
    let (mail, recipients, cause, permanent) = match detail {
        Detail::Bounce { bounce, mail } => {
            (mail, bounce.bounced_recipients, Cause::Bounced, bounce.bounce_type == "Permanent")
        }
        Detail::Complaint { complaint, mail } => (mail, complaint.complained_recipients, Cause::Complained, true),
    };
    // One mail goes to one address.
    let address = MailAddress::parse(&recipients.first()?.email_address).ok()?;
    let place = MailPlace::of_tags(&mail.tags.tenant[0], &mail.tags.mail[0])?;
    Some((place, Feedback { message_id: mail.message_id, address, cause, permanent }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r30_what_ses_publishes_is_read_and_what_is_not_about_a_mail_of_ours_is_left_alone() {
        let messages: serde_json::Value =
            serde_json::from_str(include_str!("../../../../events/mail-delivery-feedback.json")).unwrap();
        let bodies: Vec<_> =
            messages["Records"].as_array().unwrap().iter().map(|m| m["body"].as_str().unwrap()).collect();
        let (place, bounce) = read(bodies[0]).unwrap();
        assert_eq!(place.tenant.to_string(), "ten_0197f3a2b4c87d1e9a0b1c2d3e4f5a6b");
        assert_eq!((bounce.cause, bounce.permanent), (Cause::Bounced, true));
        let (_, complaint) = read(bodies[1]).unwrap();
        assert_eq!(complaint.cause, Cause::Complained);
        let full = bodies[0].replace("Permanent", "Transient");
        assert!(!read(&full).unwrap().1.permanent);
        for other in ["", "{}", &bodies[0].replace("ten_", "tenant-"), &bodies[0].replace("Bounce\"", "Delivery\"")] {
            assert!(read(other).is_none(), "{other}");
        }
    }
}
