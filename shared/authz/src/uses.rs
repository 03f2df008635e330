//! What a permission is used for (利用目的), as people read it: in the audit trail, and in what employees see of those who looked at their record.

/// By the first part of a permission's name.
const USES: &[(&str, &str)] = &[
    ("me", "本人による利用"),
    ("checkups", "健康診断の実施と事後措置"),
    ("work_fitness", "就業上の措置の判断"),
    ("follow_ups", "受診の勧奨"),
    ("stress_checks", "ストレスチェックの実施"),
    ("interviews", "面接指導と健康相談"),
    ("leave_cases", "休職と職場復帰の支援"),
    ("working_hours", "長時間労働への対応"),
    ("lifelogs", "健康づくりの支援"),
    ("points", "健康づくりの支援"),
    ("campaigns", "健康づくりの支援"),
    ("rights", "開示・訂正・利用停止の請求への対応"),
    ("handling_rules", "健康情報等の取扱規程の周知"),
    ("reports", "行政への報告と集計"),
    ("employees", "従業員情報の管理"),
    ("organisation", "従業員情報の管理"),
    ("imports", "データの取込"),
    ("exports", "データの出力"),
    ("accounts", "アカウントの管理"),
    ("api_clients", "アカウントの管理"),
    ("tenant", "契約企業の設定"),
    ("audit", "監査"),
    ("log_requests", "監査"),
    ("contracts", "契約の管理"),
    ("break_glass", "お問い合わせと障害への対応"),
    ("disclosures", "法令に基づく開示"),
];

/// What the permission with this name is used for; the operation of the service itself, where nothing else is said.
#[must_use]
pub fn use_of(permission: &str) -> &'static str {
    let thing = permission.split('.').next().unwrap_or_default();
    USES.iter().find(|(name, _)| *name == thing).map_or("サービスの運用", |(_, purpose)| purpose)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::{MATRIX, Sort};

    #[test]
    fn r21_whatever_shows_health_data_says_what_for() {
        assert_eq!(use_of("checkups.view"), "健康診断の実施と事後措置");
        assert_eq!(use_of("tenants.purge"), "サービスの運用");
        let services =
            MATRIX.iter().filter(|row| matches!(row.sort, Sort::Door | Sort::Kiosk) && row.service.is_some());
        for row in services {
            assert_ne!(use_of(row.permission.name()), "サービスの運用", "{:?} needs a line in USES", row.permission);
        }
    }
}
