//! Files as clinics write them (domain.md 2.3 and 9): each peculiarity goes in without hand work, and says the same however it is dressed.

use serde_json::{Value, json};
use tests::imports::{faults, import};
use tests::{Actor, Tenant, World, run};

/// What somebody's newest checkup says of an item: value, comparator, code and what was written.
async fn results(tenant: &Tenant, number: &str) -> impl Fn(&str) -> Value + use<> {
    let found = tenant.actor("administrator").all(&format!("/v1/employees?employee_number={number}")).await;
    let path = format!("/v1/employees/{}/checkups", found[0]["id"].as_str().unwrap());
    // Their own: they see every item.
    let own = tenant.nth("employee", usize::from(number == "D0002")).get(&path).await.json();
    let results = own["items"][0]["results"].as_array().unwrap().clone();
    move |item| results.iter().find(|it| it["item"] == item).cloned().unwrap_or(Value::Null)
}

async fn applied(actor: &Actor, file: &[u8], options: Value) -> Value {
    let done = import(actor, "checkups", file, options).await;
    assert!(done["state"] == "applied", "{done} {:?}", faults(actor, &done).await);
    done
}

#[test]
fn r34_every_peculiarity_of_clinics_files_goes_in_without_hand_work() {
    run(async {
        let tenant = World::shared().await.another_tenant().await;
        let nurse = tenant.actor("nurse");
        // Windows-31J, tabs, blank columns at the end, the mark at which DOS ended files; half-width kana, full-width digits, eras, flags, comparators, two values in a cell.
        let header = "従業員番号\tｶﾅ氏名\t生年月日\t性別\t健診日\t健診種別\t血圧\t視力右\t視力左\t聴力右1000Hz\t聴力右4000Hz\t尿蛋白\t尿糖\t尿潜血\t赤血球数\t白血球数\t血小板数\tTG\tCRP\tGLU\tHbA1c(NGSP)\tGOT\tγ-GTP\t心電図\t胸部XP\t既往歴\t総合判定\t\t";
        let row = "Ｄ０００１\tｱｵﾔﾏ ﾐﾅﾐ\tS63.6.12\tF\t令和8年6月1日\t定期\t１４２／９０\t0.7(1.2)\t（1.0）\t異常なし\t３０\t１＋\t擬陽性\t++\t4.50\t5.6\t234\t\"1,234\"\t0.10未満\t120H\t5.6%\t5未満\t≧300\t左室肥大の疑い\t実施せず\t無\tＣ２\t\t";
        let mut file = encoding_rs::SHIFT_JIS.encode(&format!("{header}\r\n{row}\r\n")).0.into_owned();
        file.push(0x1a);
        let done = applied(&nurse, &file, json!({})).await;
        assert!(done["rows"]["warnings"].as_u64().unwrap() >= 3, "units that were converted are pointed out: {done}");
        let of = results(&tenant, "D0001").await;
        for (item, value) in [
            ("sbp", json!(142)),
            ("dbp", json!(90)),
            ("vis_r", json!(0.7)),
            ("visc_r", json!(1.2)),
            ("visc_l", json!(1.0)),
            ("hear_r4k", json!(30)),
            ("u_pro", json!("(+)")),
            ("u_glu", json!("(±)")),
            ("u_ob", json!("(2+)")),
            ("rbc", json!(450)),
            ("wbc", json!(5600)),
            ("plt", json!(23.4)),
            ("tg", json!(1234)),
            ("fpg", json!(120)),
            ("hba1c", json!(5.6)),
            ("ecg", json!("左室肥大の疑い")),
        ] {
            assert_eq!(of(item)["value"], value, "{item}: {}", of(item));
        }
        for (item, comparator, value) in [("crp", "<", json!(0.1)), ("ast", "<", json!(5)), ("ggt", ">=", json!(300))] {
            assert_eq!(
                (&of(item)["comparator"], of(item)["value"].as_f64()),
                (&json!(comparator), value.as_f64()),
                "{item}"
            );
        }
        assert_eq!((&of("cxr")["missing"], &of("hear_r1k")["code"]), (&json!("not_done"), &json!(2)));
        assert_eq!((&of("rbc")["raw"], &of("fpg")["raw"]), (&json!("4.50"), &json!("120H")), "as it was written");

        // UTF-8 with its mark, quotes, line breaks inside them, codes of the national table for headers, and codes for values.
        let file = "\u{feff}社員番号,受診日,健診種別,9A751000000000001,9A761000000000001,3D046000001906202,1A010000000191111,\"9A110160800000049\",コメント,AST,AST判定\n\
            D0002,20260602,定期,127,80,5.9,1,\"不整脈\n(経過観察)\",\"再検査\n  してください\",38,要精検\n";
        applied(&nurse, file.as_bytes(), json!({})).await;
        let of = results(&tenant, "D0002").await;
        assert_eq!(
            (&of("sbp_1")["value"], &of("hba1c")["value"], &of("u_pro")["value"]),
            (&json!(127), &json!(5.9), &json!("(-)"))
        );
        assert!(of("ecg")["value"].as_str().unwrap().contains("不整脈"), "{}", of("ecg"));
        // The clinic's letter and what stands for it; ours beside them.
        let ast = of("ast");
        assert_eq!(
            (&ast["clinic_grade"], &ast["clinic_grade_written"], &ast["grade"]),
            (&json!("D"), &json!("要精検"), &json!("C"))
        );
    });
}
