//! KMS and SES: real encryption, AWS's errors, and what a restart keeps.

use aws_sdk_kms::error::ProvideErrorMetadata as _;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};

use crate::support::{cloud, kms, ses};

#[tokio::test]
async fn a_data_key_opens_with_its_context_alone_and_outlives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (wrapped, plain) = {
        let cloud = cloud(Some(directory.path())).await;
        let made = kms(&cloud)
            .generate_data_key()
            .key_id("alias/tenant-data")
            .key_spec(DataKeySpec::Aes256)
            .encryption_context("tenant", "t1")
            .encryption_context("purpose", "health")
            .send()
            .await
            .unwrap();
        assert_eq!(made.plaintext().unwrap().as_ref().len(), 32);
        assert_eq!(cloud.counters().of("kms", "GenerateDataKey").calls, 1);
        (made.ciphertext_blob().unwrap().clone(), made.plaintext().unwrap().clone())
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(directory.path().join("kms.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "key material should be its owner's alone");
    }
    let cloud = cloud(Some(directory.path())).await;
    let client = kms(&cloud);
    let open = |blob: &Blob, tenant: &str| {
        let decrypt = client.decrypt().ciphertext_blob(blob.clone()).encryption_context("purpose", "health");
        decrypt.encryption_context("tenant", tenant).send()
    };
    assert_eq!(open(&wrapped, "t1").await.unwrap().plaintext(), Some(&plain));
    let other = open(&wrapped, "t2").await.expect_err("another tenant's context");
    assert_eq!(other.code(), Some("InvalidCiphertextException"));
    let mut torn = wrapped.clone().into_inner();
    *torn.last_mut().unwrap() ^= 1;
    assert_eq!(open(&Blob::new(torn), "t1").await.unwrap_err().code(), Some("InvalidCiphertextException"));

    let wrong = client.decrypt().ciphertext_blob(wrapped.clone()).key_id("alias/names").send().await.unwrap_err();
    assert_eq!(wrong.code(), Some("IncorrectKeyException"));
    let unknown = client.describe_key().key_id("alias/nobody").send().await.unwrap_err();
    assert_eq!(unknown.code(), Some("NotFoundException"));
    let id = client.describe_key().key_id("alias/tenant-data").send().await.unwrap();
    client.disable_key().key_id(id.key_metadata().unwrap().key_id()).send().await.unwrap();
    assert_eq!(open(&wrapped, "t1").await.unwrap_err().code(), Some("DisabledException"));
}

#[tokio::test]
async fn a_mail_is_read_back_and_a_header_injection_refused() {
    let directory = tempfile::tempdir().unwrap();
    let content = |text: &str| Content::builder().data(text).build().unwrap();
    {
        let cloud = cloud(Some(directory.path())).await;
        let client = ses(&cloud);
        let mail = |subject: &str| {
            let body = Body::builder().text(content("本文")).html(content("<p>本文</p>")).build();
            let message = Message::builder().subject(content(subject)).body(body).build();
            client
                .send_email()
                .from_email_address("support@example.jp")
                .destination(Destination::builder().to_addresses("taro@example.jp").build())
                .content(EmailContent::builder().simple(message).build())
                .send()
        };
        let id = mail("健診のお知らせ").await.unwrap().message_id().unwrap().to_owned();
        let refused = mail("x\r\nBcc: all@example.jp").await.unwrap_err();
        assert!(refused.as_service_error().unwrap().is_bad_request_exception(), "{refused:?}");
        assert_eq!(cloud.ses().mails().unwrap()[0].message_id, id);
    }
    let mails = cloud(Some(directory.path())).await.ses().mails().unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].subject.as_str(), mails[0].to[0].as_str()), ("健診のお知らせ", "taro@example.jp"));
}
