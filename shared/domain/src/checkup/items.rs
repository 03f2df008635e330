//! The catalogue of items (健診項目): every item that the service knows, with unit, decimals, what is plausible, JLAC10
//! codes, the statutory item of 安衛則44 it belongs to, and the headers by which files call it. One table; code that
//! needs a certain item names it by the constants below, which the compiler looks up in the table.
//!
//! Sources: codes and types as in 特定健診 XML (XML健診項目表); plausible ranges are engineering choices that stop typing
//! errors, not medical limits (confidence M); headers as in domain.md 9.4. Results are kept in the order of this table:
//! append rows, so that equal content keeps equal fingerprints.

use super::{
    codes,
    item::{Category, Item, ItemId, Kind, Quantity, Rescale},
};
use crate::decimal::Decimal;

/// The catalogue's version, for those who keep copies of it.
pub const CATALOGUE_VERSION: &str = "2026-11";

/// The catalogue.
pub const ITEMS: &[Item] = &[
    item("height", "身長", Category::Body, Kind::Quantity(q("cm", 1, Decimal::new(100, 0), Decimal::new(230, 0))))
        .statutory(3)
        .jlac10(&["9N001000000000001"]),
    item("weight", "体重", Category::Body, Kind::Quantity(q("kg", 1, Decimal::new(20, 0), Decimal::new(250, 0))))
        .statutory(3)
        .jlac10(&["9N006000000000001"]),
    item("bmi", "BMI", Category::Body, Kind::Quantity(q("kg/m2", 1, Decimal::new(10, 0), Decimal::new(80, 0))))
        .statutory(3)
        .jlac10(&["9N011000000000001"])
        .or_written(&["体格指数", "ボディマスインデックス"]),
    item(
        "obesity_rate",
        "肥満度",
        Category::Body,
        Kind::Quantity(q("%", 1, Decimal::new(-60, 0), Decimal::new(400, 0))),
    )
    .or_written(&["肥満率"]),
    item(
        "visceral_fat",
        "内臓脂肪面積",
        Category::Body,
        Kind::Quantity(q("cm2", 1, Decimal::new(1, 0), Decimal::new(600, 0))),
    )
    .jlac10(&["9N021000000000001"]),
    item("waist", "腹囲", Category::Body, Kind::Quantity(q("cm", 1, Decimal::new(40, 0), Decimal::new(200, 0))))
        .statutory(3)
        .jlac10(&["9N016160100000001", "9N016160200000001", "9N016160300000001"])
        .or_written(&["腹囲(実測)", "腹囲(自己判定)", "腹囲(自己申告)", "ウエスト", "ウエスト周囲径"]),
    item("history", "既往歴", Category::Interview, Kind::Finding(&codes::PRESENCE))
        .statutory(1)
        .jlac10(&["9N056000000000011", "9N056160400000049"])
        .or_written(&["既往症", "既往歴(所見)", "現病歴・既往歴", "具体的な既往歴"]),
    item("work_history", "業務歴", Category::Interview, Kind::Text)
        .statutory(1)
        .jlac10(&["9N051000000000049"])
        .or_written(&["業務歴(所見)"]),
    item("subj", "自覚症状", Category::Interview, Kind::Finding(&codes::PRESENCE))
        .statutory(2)
        .jlac10(&["9N061000000000011", "9N061160800000049"])
        .or_written(&["自覚症状(所見)"]),
    item("obj", "他覚症状", Category::Interview, Kind::Finding(&codes::PRESENCE))
        .statutory(2)
        .jlac10(&["9N066000000000011", "9N066160800000049"])
        .or_written(&["他覚症状(所見)", "診察所見", "理学所見"]),
    item(
        "sbp",
        "収縮期血圧",
        Category::BloodPressure,
        Kind::Quantity(q("mmHg", 0, Decimal::new(50, 0), Decimal::new(300, 0))),
    )
    .statutory(5)
    .jlac10(&["9A755000000000001"])
    .or_written(&[
        "最高血圧",
        "血圧(上)",
        "血圧上",
        "SBP",
        "血圧(最高)",
        "血圧(収縮期)",
        "収縮期血圧(その他)",
        "血圧収縮期",
    ]),
    item(
        "dbp",
        "拡張期血圧",
        Category::BloodPressure,
        Kind::Quantity(q("mmHg", 0, Decimal::new(20, 0), Decimal::new(200, 0))),
    )
    .statutory(5)
    .jlac10(&["9A765000000000001"])
    .or_written(&[
        "最低血圧",
        "血圧(下)",
        "血圧下",
        "DBP",
        "血圧(最低)",
        "血圧(拡張期)",
        "拡張期血圧(その他)",
        "血圧拡張期",
    ]),
    item(
        "sbp_1",
        "収縮期血圧(1回目)",
        Category::BloodPressure,
        Kind::Quantity(q("mmHg", 0, Decimal::new(50, 0), Decimal::new(300, 0))),
    )
    .statutory(5)
    .jlac10(&["9A751000000000001"])
    .or_written(&["最高血圧1回目", "血圧1回目(上)", "SBP1", "収縮期血圧1", "最高血圧1"]),
    item(
        "dbp_1",
        "拡張期血圧(1回目)",
        Category::BloodPressure,
        Kind::Quantity(q("mmHg", 0, Decimal::new(20, 0), Decimal::new(200, 0))),
    )
    .statutory(5)
    .jlac10(&["9A761000000000001"])
    .or_written(&["最低血圧1回目", "血圧1回目(下)", "DBP1", "拡張期血圧1", "最低血圧1"]),
    item(
        "sbp_2",
        "収縮期血圧(2回目)",
        Category::BloodPressure,
        Kind::Quantity(q("mmHg", 0, Decimal::new(50, 0), Decimal::new(300, 0))),
    )
    .statutory(5)
    .jlac10(&["9A752000000000001"])
    .or_written(&["最高血圧2回目", "血圧2回目(上)", "SBP2", "収縮期血圧2", "最高血圧2"]),
    item(
        "dbp_2",
        "拡張期血圧(2回目)",
        Category::BloodPressure,
        Kind::Quantity(q("mmHg", 0, Decimal::new(20, 0), Decimal::new(200, 0))),
    )
    .statutory(5)
    .jlac10(&["9A762000000000001"])
    .or_written(&["最低血圧2回目", "血圧2回目(下)", "DBP2", "拡張期血圧2", "最低血圧2"]),
    item(
        "pulse",
        "心拍数",
        Category::BloodPressure,
        Kind::Quantity(q("/min", 0, Decimal::new(20, 0), Decimal::new(250, 0))),
    )
    .jlac10(&["9N121000000000001"])
    .or_written(&["脈拍", "脈拍数", "HR"]),
    item("draw_time", "採血時間(食後)", Category::Interview, Kind::Coded(&codes::DRAW_TIME))
        .jlac10(&["9N141000000000011"])
        .or_written(&["採血時間", "食後時間", "食後経過時間"]),
    item(
        "tc",
        "総コレステロール",
        Category::Lipid,
        Kind::Quantity(q("mg/dL", 0, Decimal::new(50, 0), Decimal::new(600, 0))),
    )
    .jlac10(&["3F050000002327101", "3F050000002327201", "3F050000002399901"])
    .or_written(&["T-CHO", "TC", "T-Cho", "総コレステロール値"]),
    item("tg", "中性脂肪", Category::Lipid, Kind::Quantity(q("mg/dL", 0, Decimal::new(5, 0), Decimal::new(5000, 0))))
        .statutory(8)
        .jlac10(&["3F015000002327101", "3F015000002327201", "3F015000002399901"])
        .or_written(&["空腹時中性脂肪", "TG", "トリグリセライド", "トリグリセリド", "中性脂肪(空腹時)", "空腹時TG"]),
    item(
        "tg_casual",
        "随時中性脂肪",
        Category::Lipid,
        Kind::Quantity(q("mg/dL", 0, Decimal::new(5, 0), Decimal::new(5000, 0))),
    )
    .statutory(8)
    .jlac10(&["3F015129902327101", "3F015129902327201", "3F015129902399901"])
    .or_written(&["中性脂肪(随時)", "随時TG"]),
    item(
        "hdl",
        "HDLコレステロール",
        Category::Lipid,
        Kind::Quantity(q("mg/dL", 0, Decimal::new(5, 0), Decimal::new(200, 0))),
    )
    .statutory(8)
    .jlac10(&["3F070000002327101", "3F070000002327201", "3F070000002399901"])
    .or_written(&["HDL-C", "HDL", "HDL-コレステロール", "HDL-CHO", "善玉コレステロール"]),
    item(
        "ldl",
        "LDLコレステロール",
        Category::Lipid,
        Kind::Quantity(q("mg/dL", 0, Decimal::new(5, 0), Decimal::new(600, 0))),
    )
    .statutory(8)
    .jlac10(&["3F077000002327101", "3F077000002327201", "3F077000002399901", "3F077000002391901"])
    .or_written(&[
        "LDL-C",
        "LDL",
        "LDL-コレステロール",
        "LDL-CHO",
        "悪玉コレステロール",
        "LDLコレステロール(計算法)",
    ]),
    item(
        "nonhdl",
        "non-HDLコレステロール",
        Category::Lipid,
        Kind::Quantity(q("mg/dL", 0, Decimal::new(10, 0), Decimal::new(600, 0))),
    )
    .statutory(8)
    .jlac10(&["3F069000002391901"])
    .or_written(&["non-HDL-C", "nonHDL", "non-HDL", "ノンHDLコレステロール"]),
    item("ast", "AST", Category::Liver, Kind::Quantity(q("U/L", 0, Decimal::new(1, 0), Decimal::new(5000, 0))))
        .statutory(7)
        .jlac10(&["3B035000002327201", "3B035000002399901"])
        .or_written(&["GOT", "AST(GOT)", "GOT(AST)"]),
    item("alt", "ALT", Category::Liver, Kind::Quantity(q("U/L", 0, Decimal::new(1, 0), Decimal::new(5000, 0))))
        .statutory(7)
        .jlac10(&["3B045000002327201", "3B045000002399901"])
        .or_written(&["GPT", "ALT(GPT)", "GPT(ALT)"]),
    item("ggt", "γ-GT", Category::Liver, Kind::Quantity(q("U/L", 0, Decimal::new(1, 0), Decimal::new(5000, 0))))
        .statutory(7)
        .jlac10(&["3B090000002327101", "3B090000002399901"])
        .or_written(&["γ-GTP", "GGT", "γGTP", "γ-GT(γ-GTP)", "γ-GTP(γ-GT)", "ガンマGTP", "ガンマGT", "r-GTP"]),
    item("alp", "ALP", Category::Liver, Kind::Quantity(q("U/L", 0, Decimal::new(1, 0), Decimal::new(3000, 0))))
        .jlac10(&["3B070000002327101"])
        .or_written(&["アルカリフォスファターゼ", "ALP(IFCC)"]),
    item("ld", "LD", Category::Liver, Kind::Quantity(q("U/L", 0, Decimal::new(20, 0), Decimal::new(5000, 0))))
        .jlac10(&["3B050000002327201"])
        .or_written(&["LDH", "LD(LDH)", "LD(IFCC)"]),
    item(
        "tbil",
        "総ビリルビン",
        Category::Liver,
        Kind::Quantity(q("mg/dL", 1, Decimal::new(1, 1), Decimal::new(40, 0))),
    )
    .jlac10(&["3J010000002327101", "3J010000002399901"])
    .or_written(&["T-Bil", "TBIL", "T-BIL"]),
    item("tp", "総蛋白", Category::Liver, Kind::Quantity(q("g/dL", 1, Decimal::new(2, 0), Decimal::new(15, 0))))
        .jlac10(&["3A010000002327101"])
        .or_written(&["TP", "総たんぱく", "総タンパク"]),
    item("alb", "アルブミン", Category::Liver, Kind::Quantity(q("g/dL", 1, Decimal::new(1, 0), Decimal::new(8, 0))))
        .jlac10(&["3A015000002327101"])
        .or_written(&["ALB", "血清アルブミン"]),
    item(
        "cre",
        "血清クレアチニン",
        Category::Renal,
        Kind::Quantity(q("mg/dL", 2, Decimal::new(1, 1), Decimal::new(20, 0))),
    )
    .jlac10(&["3C015000002327101", "3C015000002399901"])
    .or_written(&["クレアチニン", "CRE", "Cr", "CREA", "CRTN"]),
    item(
        "egfr",
        "eGFR",
        Category::Renal,
        Kind::Quantity(q("mL/min/1.73m2", 1, Decimal::new(1, 0), Decimal::new(250, 0))),
    )
    .jlac10(&["8A065000002391901"])
    .or_written(&["推算糸球体濾過量", "推算GFR", "GFR"]),
    item("ua", "尿酸", Category::UricAcid, Kind::Quantity(q("mg/dL", 1, Decimal::new(1, 1), Decimal::new(20, 0))))
        .jlac10(&["3C020000002327101", "3C020000002399901"])
        .or_written(&["UA", "血清尿酸"]),
    item(
        "fpg",
        "空腹時血糖",
        Category::Glucose,
        Kind::Quantity(q("mg/dL", 0, Decimal::new(20, 0), Decimal::new(1000, 0))),
    )
    .statutory(9)
    .jlac10(&["3D010000001926101", "3D010000002227101", "3D010000001927201", "3D010000001999901"])
    .or_written(&["FPG", "血糖", "GLU", "血糖値", "空腹時血糖値", "血糖(空腹時)", "FBS", "グルコース"]),
    item(
        "glu_casual",
        "随時血糖",
        Category::Glucose,
        Kind::Quantity(q("mg/dL", 0, Decimal::new(20, 0), Decimal::new(1500, 0))),
    )
    .statutory(9)
    .jlac10(&["3D010129901926101", "3D010129902227101", "3D010129901927201", "3D010129901999901"])
    .or_written(&["随時血糖値", "血糖(随時)", "食後血糖"]),
    item("hba1c", "HbA1c", Category::Glucose, Kind::Quantity(q("%", 1, Decimal::new(30, 1), Decimal::new(200, 1))))
        .statutory(9)
        .jlac10(&["3D046000001906202", "3D046000001920402", "3D046000001927102", "3D046000001999902"])
        .or_written(&["HbA1c(NGSP)", "ヘモグロビンA1c", "A1c", "HbA1c(NGSP値)", "グリコヘモグロビン"]),
    item(
        "hba1c_jds",
        "HbA1c(JDS)",
        Category::Glucose,
        Kind::Quantity(q("%", 1, Decimal::new(26, 1), Decimal::new(196, 1))),
    )
    .statutory(9)
    .jlac10(&["3D045000001906202", "3D045000001920402", "3D045000001927102", "3D045000001999902"])
    .or_written(&["HbA1c(JDS値)"]),
    item("u_glu", "尿糖", Category::Urine, Kind::Ordered(&codes::QUALITATIVE))
        .statutory(10)
        .jlac10(&["1A020000000191111", "1A020000000190111"])
        .or_written(&["尿糖定性", "尿中ブドウ糖", "尿(糖)"]),
    item("u_pro", "尿蛋白", Category::Urine, Kind::Ordered(&codes::QUALITATIVE))
        .statutory(10)
        .jlac10(&["1A010000000191111", "1A010000000190111"])
        .or_written(&["尿たん白", "尿タンパク", "尿たんぱく", "尿蛋白定性", "尿(蛋白)"]),
    item("u_ob", "尿潜血", Category::Urine, Kind::Ordered(&codes::QUALITATIVE))
        .jlac10(&["1A100000000191111", "1A100000000190111"])
        .or_written(&["尿潜血反応", "尿(潜血)", "尿血"]),
    item(
        "wbc",
        "白血球数",
        Category::Blood,
        Kind::Quantity(
            q("/mm3", 0, Decimal::new(500, 0), Decimal::new(100_000, 0))
                .or_unit(Rescale::Below(Decimal::new(100, 0), 3)),
        ),
    )
    .jlac10(&["2A010000001930101"])
    .or_written(&["白血球", "WBC"]),
    item(
        "rbc",
        "赤血球数",
        Category::Blood,
        Kind::Quantity(
            q("万/mm3", 0, Decimal::new(100, 0), Decimal::new(900, 0)).or_unit(Rescale::Below(Decimal::new(100, 0), 2)),
        ),
    )
    .statutory(6)
    .jlac10(&["2A020000001930101"])
    .or_written(&["赤血球", "RBC"]),
    item("hb", "血色素量", Category::Blood, Kind::Quantity(q("g/dL", 1, Decimal::new(2, 0), Decimal::new(25, 0))))
        .statutory(6)
        .jlac10(&["2A030000001930101"])
        .or_written(&["ヘモグロビン", "Hb", "HGB", "血色素", "ヘモグロビン量"]),
    item("ht", "ヘマトクリット", Category::Blood, Kind::Quantity(q("%", 1, Decimal::new(5, 0), Decimal::new(75, 0))))
        .jlac10(&["2A040000001930102"])
        .or_written(&["Ht", "HCT", "ヘマトクリット値"]),
    item(
        "plt",
        "血小板数",
        Category::Blood,
        Kind::Quantity(
            q("万/mm3", 1, Decimal::new(5, 1), Decimal::new(200, 0)).or_unit(Rescale::Above(Decimal::new(100, 0), -1)),
        ),
    )
    .jlac10(&["2A050000001930101"])
    .or_written(&["血小板", "PLT"]),
    item("crp", "CRP", Category::Inflammation, Kind::Quantity(q("mg/dL", 2, Decimal::new(0, 0), Decimal::new(50, 0))))
        .jlac10(&["5C070000002306201"])
        .or_written(&["CRP定量", "C反応性蛋白"]),
    item("fobt", "便潜血", Category::Stool, Kind::Ordered(&codes::OCCULT_BLOOD))
        .jlac10(&["1B030000001599811"])
        .or_written(&["便潜血反応", "便潜血(2日法)", "便ヘモグロビン"]),
    item("vis_r", "視力(裸眼・右)", Category::Eye, Kind::Quantity(q("", 2, Decimal::new(1, 2), Decimal::new(20, 1))))
        .statutory(3)
        .jlac10(&["9E160162100000001"])
        .or_written(&[
            "視力右",
            "裸眼視力右",
            "視力裸眼右",
            "右裸眼視力",
            "視力(右)",
            "視力右裸眼",
            "裸眼視力(右)",
            "視力(裸眼)右",
        ]),
    item("vis_l", "視力(裸眼・左)", Category::Eye, Kind::Quantity(q("", 2, Decimal::new(1, 2), Decimal::new(20, 1))))
        .statutory(3)
        .jlac10(&["9E160162200000001"])
        .or_written(&[
            "視力左",
            "裸眼視力左",
            "視力裸眼左",
            "左裸眼視力",
            "視力(左)",
            "視力左裸眼",
            "裸眼視力(左)",
            "視力(裸眼)左",
        ]),
    item("visc_r", "視力(矯正・右)", Category::Eye, Kind::Quantity(q("", 2, Decimal::new(1, 2), Decimal::new(20, 1))))
        .statutory(3)
        .jlac10(&["9E160162500000001"])
        .or_written(&["矯正視力右", "視力矯正右", "右矯正視力", "視力右矯正", "矯正視力(右)", "視力(矯正)右"]),
    item("visc_l", "視力(矯正・左)", Category::Eye, Kind::Quantity(q("", 2, Decimal::new(1, 2), Decimal::new(20, 1))))
        .statutory(3)
        .jlac10(&["9E160162600000001"])
        .or_written(&["矯正視力左", "視力矯正左", "左矯正視力", "視力左矯正", "矯正視力(左)", "視力(矯正)左"]),
    item("iop_r", "眼圧(右)", Category::Eye, Kind::Quantity(q("mmHg", 1, Decimal::new(1, 0), Decimal::new(80, 0))))
        .jlac10(&["9E105162100000001"])
        .or_written(&["眼圧右", "右眼圧"]),
    item("iop_l", "眼圧(左)", Category::Eye, Kind::Quantity(q("mmHg", 1, Decimal::new(1, 0), Decimal::new(80, 0))))
        .jlac10(&["9E105162200000001"])
        .or_written(&["眼圧左", "左眼圧"]),
    item(
        "hear_r1k",
        "聴力(右 1000Hz)",
        Category::Ear,
        Kind::Hearing(q("dB", 0, Decimal::new(-10, 0), Decimal::new(120, 0)), &codes::HEARING),
    )
    .statutory(3)
    .jlac10(&["9D100163100000011"])
    .or_written(&["聴力右1000Hz", "聴力右1000", "聴力1000Hz右", "聴力1000右", "聴力(右)1000Hz", "オージオ右1000"]),
    item(
        "hear_r4k",
        "聴力(右 4000Hz)",
        Category::Ear,
        Kind::Hearing(q("dB", 0, Decimal::new(-10, 0), Decimal::new(120, 0)), &codes::HEARING),
    )
    .statutory(3)
    .jlac10(&["9D100163200000011"])
    .or_written(&["聴力右4000Hz", "聴力右4000", "聴力4000Hz右", "聴力4000右", "聴力(右)4000Hz", "オージオ右4000"]),
    item(
        "hear_l1k",
        "聴力(左 1000Hz)",
        Category::Ear,
        Kind::Hearing(q("dB", 0, Decimal::new(-10, 0), Decimal::new(120, 0)), &codes::HEARING),
    )
    .statutory(3)
    .jlac10(&["9D100163500000011"])
    .or_written(&["聴力左1000Hz", "聴力左1000", "聴力1000Hz左", "聴力1000左", "聴力(左)1000Hz", "オージオ左1000"]),
    item(
        "hear_l4k",
        "聴力(左 4000Hz)",
        Category::Ear,
        Kind::Hearing(q("dB", 0, Decimal::new(-10, 0), Decimal::new(120, 0)), &codes::HEARING),
    )
    .statutory(3)
    .jlac10(&["9D100163600000011"])
    .or_written(&["聴力左4000Hz", "聴力左4000", "聴力4000Hz左", "聴力4000左", "聴力(左)4000Hz", "オージオ左4000"]),
    item("hear_other", "聴力(その他の所見)", Category::Ear, Kind::Finding(&codes::FINDING))
        .statutory(3)
        .jlac10(&["9D100160900000049"])
        .or_written(&["聴力その他", "聴力所見", "聴力会話法", "聴力(会話法)"]),
    item("hear_method", "聴力(検査方法)", Category::Ear, Kind::Text)
        .statutory(3)
        .jlac10(&["9D100164000000011"])
        .or_written(&["聴力検査方法", "聴力検査法"]),
    item("ecg", "心電図", Category::Ecg, Kind::Finding(&codes::FINDING))
        .statutory(11)
        .jlac10(&["9A110160700000011", "9A110160800000049"])
        .or_written(&["ECG", "心電図所見", "安静時心電図", "心電図検査"]),
    item("cxr", "胸部X線", Category::Chest, Kind::Finding(&codes::FINDING))
        .statutory(4)
        .jlac10(&["9N206160700000011", "9N206160800000049", "9N221160700000011", "9N221160800000049"])
        .or_written(&[
            "胸部エックス線",
            "胸部レントゲン",
            "胸部XP",
            "胸部X線所見",
            "胸部X線検査",
            "胸部エックス線所見",
            "胸部X線(直接)",
            "胸部X線(間接)",
            "胸部X-P",
        ]),
    item("sputum", "喀痰", Category::Chest, Kind::Finding(&codes::FINDING))
        .statutory(4)
        .or_written(&["喀痰検査", "喀痰細胞診"]),
    item("fundus", "眼底", Category::Eye, Kind::Finding(&codes::FINDING))
        .jlac10(&[
            "9E100166000000011",
            "9E100166100000011",
            "9E100166200000011",
            "9E100166300000011",
            "9E100166600000011",
            "9E100166500000011",
        ])
        .or_written(&["眼底検査", "眼底所見"]),
    item("abdominal_us", "腹部超音波", Category::Ultrasound, Kind::Finding(&codes::FINDING)).or_written(&[
        "腹部エコー",
        "腹部超音波検査",
        "腹部超音波所見",
    ]),
    item("metabo", "メタボ判定", Category::Conclusion, Kind::Coded(&codes::METABOLIC))
        .jlac10(&["9N501000000000011"])
        .or_written(&["メタボリックシンドローム判定", "メタボリックシンドローム"]),
    item("guidance_level", "保健指導レベル", Category::Conclusion, Kind::Coded(&codes::GUIDANCE))
        .jlac10(&["9N506000000000011"])
        .or_written(&["保健指導階層化"]),
    item("doctor_dx", "医師の診断", Category::Conclusion, Kind::Text).jlac10(&["9N511000000000049"]).or_written(&[
        "医師の診断(判定)",
        "医師の判断",
        "医師診断",
    ]),
    item("med_bp", "服薬(血圧)", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N701000000000011"])
        .or_written(&["服薬1(血圧)", "血圧の薬", "服薬血圧", "血圧服薬"]),
    item("med_glu", "服薬(血糖)", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N706000000000011"])
        .or_written(&["服薬2(血糖)", "血糖の薬", "服薬血糖", "血糖服薬"]),
    item("med_lipid", "服薬(脂質)", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N711000000000011"])
        .or_written(&["服薬3(脂質)", "コレステロールの薬", "服薬脂質", "脂質服薬"]),
    item("hx_stroke", "既往(脳血管)", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N716000000000011"])
        .or_written(&["既往歴1(脳血管)", "脳卒中の既往"]),
    item("hx_heart", "既往(心血管)", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N721000000000011"])
        .or_written(&["既往歴2(心血管)", "心臓病の既往"]),
    item("hx_renal", "既往(腎不全・人工透析)", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N726000000000011"])
        .or_written(&["既往歴3(腎不全)", "既往歴3(腎不全・人工透析)", "腎不全の既往"]),
    item("q_anemia", "貧血", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N731000000000011"])
        .or_written(&["貧血といわれた"]),
    item("q_smoke", "喫煙", Category::Interview, Kind::Coded(&codes::SMOKING))
        .jlac10(&["9N736000000000011"])
        .or_written(&["喫煙習慣", "たばこ", "タバコ", "喫煙歴"]),
    item("q_weight_gain", "20歳からの体重変化", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N741000000000011"])
        .or_written(&["20歳からの10kg以上の体重増加", "体重変化"]),
    item("q_exercise", "30分以上の運動習慣", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N746000000000011"])
        .or_written(&["運動習慣"]),
    item("q_activity", "歩行または身体活動", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N751000000000011"])
        .or_written(&["身体活動", "歩行又は身体活動"]),
    item("q_walk_speed", "歩行速度", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N756000000000011"])
        .or_written(&["歩く速度"]),
    item("q_chewing", "咀嚼", Category::Interview, Kind::Coded(&codes::STEPS))
        .jlac10(&["9N872000000000011"])
        .or_written(&["食事をかんで食べる時の状態"]),
    item("q_eat_fast", "食べ方(早食い)", Category::Interview, Kind::Coded(&codes::STEPS))
        .jlac10(&["9N766000000000011"])
        .or_written(&["早食い", "食べ方1(早食い等)", "食べる速度"]),
    item("q_late_supper", "食べ方(就寝前)", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N771000000000011"])
        .or_written(&["就寝前の夕食", "食べ方2(就寝前)"]),
    item("q_snack", "食べ方(間食)", Category::Interview, Kind::Coded(&codes::STEPS))
        .jlac10(&["9N782000000000011"])
        .or_written(&["間食", "食べ方3(間食)"]),
    item("q_breakfast", "朝食の欠食", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N781000000000011"])
        .or_written(&["朝食", "食習慣", "朝食を抜く"]),
    item("q_drink", "飲酒", Category::Interview, Kind::Coded(&codes::STEPS))
        .jlac10(&["9N786000000000011"])
        .or_written(&["飲酒習慣", "飲酒頻度"]),
    item("q_drink_amount", "飲酒量", Category::Interview, Kind::Coded(&codes::STEPS))
        .jlac10(&["9N791000000000011"])
        .or_written(&["1日当たりの飲酒量"]),
    item("q_sleep", "睡眠", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N796000000000011"])
        .or_written(&["睡眠で休養が十分とれている", "睡眠による休養"]),
    item("q_improve", "生活習慣の改善", Category::Interview, Kind::Coded(&codes::STEPS))
        .jlac10(&["9N801000000000011"])
        .or_written(&["改善意思", "生活改善意思"]),
    item("q_guidance", "保健指導の受診歴", Category::Interview, Kind::Coded(&codes::YES_NO))
        .jlac10(&["9N808000000000011"])
        .or_written(&["保健指導の希望", "保健指導歴", "保健指導の利用"]),
];

/// Height (身長).
pub const HEIGHT: ItemId = id("height");
/// Weight (体重).
pub const WEIGHT: ItemId = id("weight");
/// Body mass index.
pub const BMI: ItemId = id("bmi");
/// Degree of obesity (肥満度).
pub const OBESITY_RATE: ItemId = id("obesity_rate");
/// Waist (腹囲).
pub const WAIST: ItemId = id("waist");
/// Area of visceral fat (内臓脂肪面積).
pub const VISCERAL_FAT: ItemId = id("visceral_fat");
/// Medical history (既往歴).
pub const HISTORY: ItemId = id("history");
/// Subjective symptoms (自覚症状).
pub const SUBJECTIVE: ItemId = id("subj");
/// Objective symptoms (他覚症状).
pub const OBJECTIVE: ItemId = id("obj");
/// Systolic blood pressure (収縮期血圧).
pub const SBP: ItemId = id("sbp");
/// Diastolic blood pressure (拡張期血圧).
pub const DBP: ItemId = id("dbp");
/// First systolic reading.
pub const SBP_1: ItemId = id("sbp_1");
/// First diastolic reading.
pub const DBP_1: ItemId = id("dbp_1");
/// Second systolic reading.
pub const SBP_2: ItemId = id("sbp_2");
/// Second diastolic reading.
pub const DBP_2: ItemId = id("dbp_2");
/// Heart rate (心拍数).
pub const PULSE: ItemId = id("pulse");
/// Time of drawing blood (採血時間).
pub const DRAW_TIME: ItemId = id("draw_time");
/// Total cholesterol.
pub const TC: ItemId = id("tc");
/// Triglycerides, fasting (空腹時中性脂肪).
pub const TG: ItemId = id("tg");
/// Triglycerides after a meal (随時中性脂肪).
pub const TG_CASUAL: ItemId = id("tg_casual");
/// HDL cholesterol.
pub const HDL: ItemId = id("hdl");
/// LDL cholesterol.
pub const LDL: ItemId = id("ldl");
/// Non-HDL cholesterol.
pub const NON_HDL: ItemId = id("nonhdl");
/// AST (GOT).
pub const AST: ItemId = id("ast");
/// ALT (GPT).
pub const ALT: ItemId = id("alt");
/// γ-GT.
pub const GGT: ItemId = id("ggt");
/// Total protein (総蛋白).
pub const TP: ItemId = id("tp");
/// Albumin.
pub const ALB: ItemId = id("alb");
/// Serum creatinine.
pub const CRE: ItemId = id("cre");
/// Estimated glomerular filtration rate.
pub const EGFR: ItemId = id("egfr");
/// Uric acid (尿酸).
pub const UA: ItemId = id("ua");
/// Fasting plasma glucose (空腹時血糖).
pub const FPG: ItemId = id("fpg");
/// Casual plasma glucose (随時血糖).
pub const GLU_CASUAL: ItemId = id("glu_casual");
/// HbA1c (NGSP).
pub const HBA1C: ItemId = id("hba1c");
/// HbA1c in the old Japanese standard (JDS).
pub const HBA1C_JDS: ItemId = id("hba1c_jds");
/// Glucose in urine (尿糖).
pub const U_GLU: ItemId = id("u_glu");
/// Protein in urine (尿蛋白).
pub const U_PRO: ItemId = id("u_pro");
/// Blood in urine (尿潜血).
pub const U_OB: ItemId = id("u_ob");
/// White blood cells (白血球数).
pub const WBC: ItemId = id("wbc");
/// Red blood cells (赤血球数).
pub const RBC: ItemId = id("rbc");
/// Haemoglobin (血色素量).
pub const HB: ItemId = id("hb");
/// Platelets (血小板数).
pub const PLT: ItemId = id("plt");
/// C-reactive protein.
pub const CRP: ItemId = id("crp");
/// Occult blood in stool (便潜血).
pub const FOBT: ItemId = id("fobt");
/// Right eye, naked (裸眼視力 右).
pub const VIS_R: ItemId = id("vis_r");
/// Left eye, naked (裸眼視力 左).
pub const VIS_L: ItemId = id("vis_l");
/// Right eye, corrected (矯正視力 右).
pub const VISC_R: ItemId = id("visc_r");
/// Left eye, corrected (矯正視力 左).
pub const VISC_L: ItemId = id("visc_l");
/// Pressure of the right eye (眼圧 右).
pub const IOP_R: ItemId = id("iop_r");
/// Pressure of the left eye (眼圧 左).
pub const IOP_L: ItemId = id("iop_l");
/// Right ear, 1000 Hz.
pub const HEAR_R1K: ItemId = id("hear_r1k");
/// Right ear, 4000 Hz.
pub const HEAR_R4K: ItemId = id("hear_r4k");
/// Left ear, 1000 Hz.
pub const HEAR_L1K: ItemId = id("hear_l1k");
/// Left ear, 4000 Hz.
pub const HEAR_L4K: ItemId = id("hear_l4k");
/// Electrocardiogram (心電図).
pub const ECG: ItemId = id("ecg");
/// Chest X-ray (胸部X線).
pub const CXR: ItemId = id("cxr");
/// Sputum (喀痰).
pub const SPUTUM: ItemId = id("sputum");
/// Fundus of the eye (眼底).
pub const FUNDUS: ItemId = id("fundus");
/// Abdominal ultrasound (腹部超音波).
pub const ABDOMINAL_US: ItemId = id("abdominal_us");
/// Hearing by other methods (聴力 その他の所見).
pub const HEAR_OTHER: ItemId = id("hear_other");
/// Takes medicine for blood pressure.
pub const MED_BP: ItemId = id("med_bp");
/// Takes medicine for blood sugar.
pub const MED_GLU: ItemId = id("med_glu");
/// Takes medicine for lipids.
pub const MED_LIPID: ItemId = id("med_lipid");
/// Smokes (喫煙).
pub const Q_SMOKE: ItemId = id("q_smoke");

/// The item with this key, looked up by the compiler: a key that the table lacks does not compile.
const fn id(key: &str) -> ItemId {
    let mut at = 0_u8;
    while !same(ITEMS[at as usize].key.as_bytes(), key.as_bytes()) {
        at += 1;
    }
    ItemId(at)
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    a.len() == b.len() && at == a.len()
}

const fn item(key: &'static str, name: &'static str, category: Category, kind: Kind) -> Item {
    Item { key, name, category, kind, statutory: None, jlac10: &[], aliases: &[] }
}

const fn q(unit: &'static str, decimals: u8, least: Decimal, most: Decimal) -> Quantity {
    Quantity { unit, decimals, plausible: (least, most), rescale: None }
}

impl Item {
    const fn statutory(self, number: u8) -> Self {
        Self { statutory: Some(number), ..self }
    }

    const fn jlac10(self, codes: &'static [&'static str]) -> Self {
        Self { jlac10: codes, ..self }
    }

    const fn or_written(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }
}

impl Quantity {
    const fn or_unit(self, rescale: Rescale) -> Self {
        Self { rescale: Some(rescale), ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::text::header_key;

    #[test]
    fn keys_and_codes_are_unique() {
        let mut seen = HashMap::new();
        for item in ITEMS {
            for code in item.jlac10.iter().chain([&item.key]) {
                assert_eq!(seen.insert(*code, item.key), None, "{code} names two items");
            }
            assert!(item.jlac10.iter().all(|code| code.len() == 17), "{}: a JLAC10 code has 17 characters", item.key);
        }
        assert!(ITEMS.len() <= 128, "an ItemSet has 128 bits");
    }

    #[test]
    fn no_header_means_two_items() {
        let mut seen = HashMap::new();
        for item in ITEMS {
            for header in item.aliases.iter().chain([&item.key, &item.name]) {
                let other = seen.insert(header_key(header), item.key);
                assert!(other.is_none_or(|other| other == item.key), "{header} names {} and {other:?}", item.key);
            }
        }
    }

    #[test]
    fn r34_the_catalogue_covers_every_item_of_the_ordinance() {
        for number in 1..=11 {
            assert!(ITEMS.iter().any(|item| item.statutory == Some(number)), "安衛則44 item {number}");
        }
        assert_eq!(ItemId::from_key("hba1c"), Some(HBA1C));
        assert_eq!(ItemId::from_jlac10("3D046000001927102"), Some(HBA1C));
    }
}
