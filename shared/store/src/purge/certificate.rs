//! The text of a deletion certificate (データ削除証明書): what a customer keeps, in Japanese, with the names of things in English as everywhere in the API.

use domain::{account::TenantCode, organisation::OrganisationName, time::Jst};
use jiff::civil::Date;
use serde::Serialize;
use vault::Purpose;

use super::{Certificate, Counts};
use crate::Error;

/// Whose data it was, and until when the contract's own record is kept.
pub(super) struct About {
    pub(super) code: TenantCode,
    pub(super) name: OrganisationName,
    pub(super) record_kept_until: Option<Date>,
}

#[derive(Serialize)]
struct Document<'a> {
    title: &'static str,
    statement: &'static str,
    certificate_id: String,
    purge_run_id: String,
    tenant_id: String,
    tenant_code: String,
    company_name: String,
    terminates_on: Date,
    deletion_deadline: Date,
    begun_at: Jst,
    deleted_at: Jst,
    deleted: Vec<Deleted>,
    shredded_keys: Vec<KeyGone<'a>>,
    sealed_copies: Vec<SealedCopy>,
    unrecoverable_from: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    spared_for_stress_check: Option<Spared>,
    #[serde(skip_serializing_if = "Option::is_none")]
    earlier_deletion: Option<Earlier>,
    kept: Vec<Kept>,
    verification: &'static str,
}

/// What was deleted, how many there were and how many are left.
#[derive(Serialize)]
struct Deleted {
    what: &'static str,
    found: u64,
    left: u64,
}

#[derive(Serialize)]
struct KeyGone<'a> {
    purpose: &'a str,
    what: &'static str,
    versions: usize,
    shredded_at: Jst,
}

/// Copies that outlive the deletion: what of them, and the last day.
#[derive(Serialize)]
struct SealedCopy {
    what: &'static str,
    sealed_until: Date,
    state: &'static str,
}

/// What goes by the stress check's own term, and when.
#[derive(Serialize)]
struct Spared {
    what: &'static str,
    records: u64,
    names: u64,
    terminates_on: Date,
    purge_on: Date,
    deletion_deadline: Date,
}

/// The certificate of what went before.
#[derive(Serialize)]
struct Earlier {
    what: &'static str,
    certificate_id: String,
    terminates_on: Date,
    deleted_at: Jst,
}

#[derive(Serialize)]
struct Kept {
    what: &'static str,
    until: String,
}

/// The text that is signed.
pub(super) fn document(certificate: &Certificate, about: &About) -> Result<String, Error> {
    let Counts { records, names, objects, uploads } = certificate.found;
    let left = certificate.left;
    let of_stress = certificate.of_stress_check;
    let deleted = [
        (
            if of_stress {
                "ストレスチェックの記録（実施回・受検の状況・回答・結果・同意・集団分析・報告）"
            } else {
                "記録（従業員の属性・健康情報・アカウント・組織・設定・取込の記録・送信待ちのメール・サインイン中のセッションなど）"
            },
            records,
            left.records,
        ),
        ("氏名・フリガナ・メールアドレス", names, left.names),
        ("ファイル（取り込んだファイル・エラーの一覧など。過去の版と削除の印を含みます）", objects, left.objects),
        ("完了しなかったファイルの送信", uploads, left.uploads),
    ];
    let last_copy = certificate.unrecoverable_from.yesterday().unwrap_or(certificate.unrecoverable_from);
    let state = "データは暗号化されたままです。復号するための鍵は破棄済みで、復元してもだれも読むことができません。";
    let copies =
        ["日次スナップショット（7世代）", "データベースの継続的バックアップ（ポイントインタイムリカバリ、7日間）"];
    let until = |day: Option<Date>| day.map_or_else(|| "契約の終了後も保存中".to_owned(), |day| day.to_string());
    let document = Document {
        title: "データ削除証明書",
        statement: match certificate.spared {
            _ if certificate.of_stress_check => {
                "ストレスチェックの契約期間の終了に伴い、下記の契約企業のストレスチェックのデータをすべて削除し、残っていないことを検査したことを証明します。"
            }
            None => "契約の終了に伴い、下記の契約企業のデータをすべて削除し、残っていないことを検査したことを証明します。",
            Some(_) => {
                "契約の終了に伴い、下記の契約企業のデータを、契約期間が個別に定められたストレスチェックに必要なものを除いてすべて削除し、残っていないことを検査したことを証明します。"
            }
        },
        certificate_id: certificate.id.to_string(),
        purge_run_id: certificate.run.to_string(),
        tenant_id: certificate.tenant.to_string(),
        tenant_code: about.code.to_string(),
        company_name: about.name.to_string(),
        terminates_on: certificate.terminates_on,
        deletion_deadline: certificate.deletion_deadline,
        begun_at: certificate.begun_at,
        deleted_at: certificate.deleted_at,
        deleted: deleted.map(|(what, found, left)| Deleted { what, found, left }).into(),
        shredded_keys: certificate
            .keys
            .iter()
            .map(|keys| KeyGone {
                purpose: &keys.purpose,
                what: keys.purpose.parse::<Purpose>().map_or("その他", Purpose::japanese),
                versions: keys.versions,
                shredded_at: keys.shredded_at,
            })
            .collect(),
        sealed_copies: copies.map(|what| SealedCopy { what, sealed_until: last_copy, state }).into(),
        unrecoverable_from: certificate.unrecoverable_from,
        spared_for_stress_check: certificate.spared.map(|spared| Spared {
            what: "ストレスチェックの記録と、受検者・実施者の本人情報・アカウント。本人情報はストレスチェック専用の鍵で暗号化し直しました。ストレスチェックの契約の終了に伴って削除し、証明書を別に発行します。",
            records: spared.kept.records,
            names: spared.kept.names,
            terminates_on: spared.terminates_on,
            purge_on: spared.purge_on,
            deletion_deadline: spared.deletion_deadline,
        }),
        earlier_deletion: certificate.earlier.map(|earlier| Earlier {
            what: if earlier.of_stress_check {
                "ストレスチェックのデータは、先に契約期間が終了し、削除を完了しています。"
            } else {
                "ストレスチェックに必要なものを除くデータは、先に契約が終了し、削除を完了しています。"
            },
            certificate_id: earlier.certificate.to_string(),
            terminates_on: earlier.terminates_on,
            deleted_at: earlier.deleted_at,
        }),
        kept: vec![
            Kept {
                what: "監査記録・ログ（識別子のみ。健康情報・氏名を含みません）",
                until: "記録した日から400日間".to_owned(),
            },
            Kept { what: "契約記録とこの証明書", until: until(about.record_kept_until) },
        ],
        verification: "署名（ECDSA P-256、SHA-256）と公開鍵は別に提供します。確認の方法は「データ削除証明書の確認方法」をご覧ください。",
    };
    Ok(serde_json::to_string_pretty(&document)?)
}

#[cfg(test)]
mod tests {
    use domain::ids::{CertificateId, PurgeId, TenantId};
    use jiff::civil::date;

    use super::{
        super::{EarlierPurge, ShreddedKeys, SparedForStress},
        *,
    };

    #[test]
    fn r17_r18_a_certificate_says_what_is_gone_when_and_which_copies_are_still_sealed() {
        let at = |text: &str| text.parse().unwrap();
        let certificate = Certificate {
            id: CertificateId::from_bytes([1; 16]),
            run: PurgeId::from_bytes([2; 16]),
            tenant: TenantId::from_bytes([3; 16]),
            terminates_on: date(2026, 1, 31),
            deletion_deadline: date(2026, 2, 28),
            begun_at: at("2026-02-14T03:00:00+09:00"),
            found: Counts { records: 48_210, names: 1_203, objects: 37, uploads: 1 },
            left: Counts::default(),
            keys: vec![ShreddedKeys {
                purpose: "health".to_owned(),
                versions: 2,
                shredded_at: at("2026-02-14T03:04:00+09:00"),
            }],
            deleted_at: at("2026-02-14T03:05:00+09:00"),
            unrecoverable_from: date(2026, 2, 21),
            spared: None,
            earlier: None,
            of_stress_check: false,
        };
        let about = About {
            code: TenantCode::parse("minato").unwrap(),
            name: OrganisationName::parse("みなと精機株式会社").unwrap(),
            record_kept_until: Some(date(2037, 1, 31)),
        };
        insta::assert_snapshot!(document(&certificate, &about).unwrap());

        let spared = SparedForStress {
            kept: Counts { records: 2_410, names: 1_204, ..Counts::default() },
            terminates_on: date(2026, 9, 30),
            purge_on: date(2026, 10, 17),
            deletion_deadline: date(2026, 10, 31),
        };
        let first = document(&Certificate { spared: Some(spared), ..certificate.clone() }, &about).unwrap();
        assert!(first.contains("ストレスチェックに必要なものを除いて") && first.contains("2026-10-17"), "{first}");
        let earlier = EarlierPurge {
            certificate: certificate.id,
            terminates_on: date(2025, 9, 30),
            deleted_at: at("2025-10-17T03:05:00+09:00"),
            of_stress_check: false,
        };
        let second = document(&Certificate { earlier: Some(earlier), ..certificate.clone() }, &about).unwrap();
        assert!(second.contains("データをすべて削除し") && second.contains("2025-10-17T03:05:00"), "{second}");
        let own = document(&Certificate { of_stress_check: true, ..certificate.clone() }, &about).unwrap();
        assert!(own.contains("ストレスチェックのデータをすべて削除し") && own.contains("実施回"), "{own}");
        let earlier = Some(EarlierPurge { of_stress_check: true, ..earlier });
        let last = document(&Certificate { earlier, ..certificate }, &about).unwrap();
        assert!(last.contains("ストレスチェックのデータは、先に"), "{last}");
    }
}
