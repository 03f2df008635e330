//! What people leave in a tenant: through the store as doors and jobs do, and strewn under the tenant's keys as any family there will ever be could have it.

use std::collections::BTreeSet;

use authz::ImportKind;
use authz::permission::{ManageAccounts, ManageEmployees, ManageOrganisation, UseImports};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::checked::Refused;
use domain::checkup::hazard::Hazards;
use domain::employee::{
    BirthDate, EmployeeNumber, EmploymentState, EmploymentType, Kana, MailAddress, PersonName, Sex,
};
use domain::ids::{ClientId, TenantId};
use domain::organisation::{OrganisationName, WorkplaceCode};
use jiff::civil::date;
use local::service::IMPORTS_BUCKET;
use proptest::prelude::*;
use store::{ImportOptions, NewAccount, NewImport, NewWorkplace, PersonContent, Setup};

use crate::stage::{Person, Stage, origin};

/// Something that somebody leaves.
#[derive(Clone, Copy, Debug)]
pub enum Leaving {
    /// Somebody who was invited: an account, its holder, a link, a mail that waits.
    Invited,
    /// An administrator's session.
    Session,
    /// A register's line: employee, number, name.
    Employee,
    /// A workplace, made with an Idempotency-Key.
    Workplace,
    /// A program that may call.
    Program,
    /// An import that waits for its file.
    Import,
    /// A file that the service made, sealed.
    MadeFile,
    /// An object with this many versions, and a delete marker on top.
    Object { versions: u8, deleted: bool },
    /// An upload in parts that was never ended.
    Upload,
    /// Items of whatever family, in `records` or `names`.
    Strewn { family: u8, items: u8, in_names: bool },
    /// Files of whatever path.
    StrewnFiles { files: u8 },
}

/// Names of families that there are, and of one that there is not yet.
const FAMILIES: [&str; 8] = [
    "CHECKUP#emp_1",
    "OUTBOX#mail",
    "IMPORTPART#turn",
    "REPLY#acc_1",
    "CREDENTIAL#hash",
    "LINK#hash",
    "PERSON#f",
    "TOCOME#",
];

pub fn leaving() -> impl Strategy<Value = Leaving> {
    prop_oneof![
        Just(Leaving::Invited),
        Just(Leaving::Session),
        Just(Leaving::Employee),
        Just(Leaving::Workplace),
        Just(Leaving::Program),
        Just(Leaving::Import),
        Just(Leaving::MadeFile),
        (1..4_u8, any::<bool>()).prop_map(|(versions, deleted)| Leaving::Object { versions, deleted }),
        Just(Leaving::Upload),
        (any::<u8>(), 1..40_u8, any::<bool>()).prop_map(|(family, items, in_names)| Leaving::Strewn {
            family,
            items,
            in_names
        }),
        (1..6_u8).prop_map(|files| Leaving::StrewnFiles { files }),
    ]
}

impl Stage {
    /// Leaves something in somebody's company, the `nth` of a case.
    pub fn leave(&self, administrator: &Person, nth: usize, leaving: Leaving) {
        // Everybody signs in anew, and a code is good once.
        self.next_step();
        let tenant = administrator.tenant;
        match leaving {
            Leaving::Session => drop(self.sign_in(administrator)),
            Leaving::Invited => self.invite(administrator, nth),
            Leaving::Employee => self.register(administrator, nth),
            Leaving::Workplace => self.open_workplace(administrator, nth),
            Leaving::Program => self.run(async {
                let id = ClientId::new(self.store.clock().now().epoch_millis(), &[7; 10]);
                let name = word(OrganisationName::parse("社内システム"));
                let permit = jobs::for_onboarding(&origin());
                let made = self.store.set_up_client(&permit, tenant, id, name).await.expect("a program");
                made.commit(&self.store).await.expect("a program");
            }),
            Leaving::Import | Leaving::MadeFile => self.begin_import(administrator, leaving),
            Leaving::Object { versions, deleted } => self.run(async {
                let key = format!("{tenant}/drop/employees/社員{nth}.csv");
                for version in 0..versions {
                    self.put_object(&key, &[version]).await;
                }
                if deleted {
                    let request = self.clients.s3.delete_object().bucket(IMPORTS_BUCKET).key(&key);
                    request.send().await.expect("a delete marker");
                }
            }),
            Leaving::Upload => self.run(async {
                let key = format!("{tenant}/drop/checkups/大きい{nth}.csv");
                let request = self.clients.s3.create_multipart_upload().bucket(IMPORTS_BUCKET).key(&key);
                let begun = request.send().await.expect("an upload");
                let part = self.clients.s3.upload_part().bucket(IMPORTS_BUCKET).key(&key).part_number(1);
                let part = part.set_upload_id(begun.upload_id).body(b"x".to_vec().into());
                part.send().await.expect("a part");
            }),
            Leaving::Strewn { family, items, in_names } => self.run(async {
                let family = FAMILIES[usize::from(family) % FAMILIES.len()];
                for item in 0..items {
                    self.strew(tenant, if in_names { "names" } else { "records" }, family, &format!("{nth}-{item}"))
                        .await;
                }
            }),
            Leaving::StrewnFiles { files } => self.run(async {
                for file in 0..files {
                    self.put_object(&format!("{tenant}/made/{nth}/{file}"), b"sealed").await;
                }
            }),
        }
    }

    /// Puts an item under the tenant's keys; an index knows it as well.
    pub async fn strew(&self, tenant: TenantId, table: &str, family: &str, sk: &str) {
        let text = |text: String| AttributeValue::S(text);
        let put = self.clients.dynamodb.put_item().table_name(table);
        let put = put.item("pk", text(format!("T#{tenant}#{family}"))).item("sk", text(sk.to_owned()));
        let put = if table == "records" {
            put.item("gsi1pk", text(format!("T#{tenant}#{family}"))).item("gsi1sk", text(sk.to_owned()))
        } else {
            put
        };
        put.send().await.expect("an item");
    }

    pub async fn put_object(&self, key: &str, body: &[u8]) {
        let request = self.clients.s3.put_object().bucket(IMPORTS_BUCKET).key(key).body(body.to_vec().into());
        request.send().await.expect("an object");
    }

    fn invite(&self, administrator: &Person, nth: usize) {
        let permit = self.permit::<ManageAccounts>(&self.sign_in(administrator));
        let login = format!("invited{nth}@{}.example", administrator.code);
        let new = NewAccount {
            login_id: domain::account::LoginId::parse(&login).expect("a login"),
            name: word(PersonName::parse("招待 太郎")),
            mail: Some(word(MailAddress::parse(&login))),
            employee: None,
            grants: Vec::new(),
            personnel_authority: false,
            setup: Setup::Invited,
        };
        self.run(async {
            let made = self.store.create_account(&permit, None, new).await.expect("an account");
            made.expect("no faults").commit(&self.store).await.expect("an account");
        });
    }

    fn register(&self, administrator: &Person, nth: usize) {
        let permit = self.permit::<ManageEmployees>(&self.sign_in(administrator));
        let content = PersonContent {
            number: word(EmployeeNumber::parse(&format!("E{nth:05}"))),
            name: word(PersonName::parse("試験 花子")),
            kana: word(Kana::parse("シケン ハナコ")),
            mail: None,
            birth_date: word(BirthDate::new(date(1990, 4, 1), date(2026, 4, 1))),
            sex: Sex::Female,
            hired_on: date(2015, 4, 1),
            left_on: None,
            workplace: None,
            department: None,
            job_title: None,
            occupation: None,
            employment_type: word(EmploymentType::parse("正社員")),
            state: EmploymentState::Active,
            manager: false,
            personnel_authority: false,
            night_work: false,
            hazards: Hazards::default(),
        };
        self.run(async {
            let made =
                self.store.create_employee(&permit, &content, &BTreeSet::new(), None).await.expect("an employee");
            made.commit(&self.store).await.expect("an employee");
        });
    }

    fn open_workplace(&self, administrator: &Person, nth: usize) {
        let permit = self.permit::<ManageOrganisation>(&self.sign_in(administrator));
        let new = NewWorkplace {
            code: word(WorkplaceCode::parse(&format!("W{nth}"))),
            name: word(OrganisationName::parse("川崎工場")),
        };
        self.run(async {
            let claim =
                self.store.reply_key(&permit, "createWorkplace", &format!("key-{nth}"), "{}").await.expect("a key");
            let made = self.store.create_workplace(&permit, new).expect("a workplace");
            made.commit_once(&self.store, &permit, &claim, &"answer").await.expect("a workplace");
        });
    }

    fn begin_import(&self, administrator: &Person, leaving: Leaving) {
        let permit = self.permit::<UseImports>(&self.sign_in(administrator));
        let right = permit.import_right(ImportKind::Employees).expect("an administrator's right");
        let files = self.clients.files();
        self.run(async {
            if matches!(leaving, Leaving::MadeFile) {
                let key = format!("{}/made/faults/{}", administrator.tenant, self.seconds());
                self.store.keep_file(&files, &right, &key, "行,列\n".as_bytes()).await.expect("a file");
            } else {
                let new = NewImport { file_name: "社員.csv".to_owned(), options: ImportOptions::default() };
                let begun = self.store.start_import(&files, &right, new).await.expect("an import");
                begun.commit(&self.store).await.expect("an import");
            }
        });
    }
}

fn word<T>(read: Result<T, Refused>) -> T {
    read.expect("a word")
}
