//! The invented customers. Codes of departments and numbers of employees are none of the sample files', so that those can
//! be imported beside them; the workplaces are theirs.

/// A demo tenant's company.
#[derive(Debug)]
pub(super) struct Company {
    /// Tenant code.
    pub(super) code: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// Department codes and names, each with the code of the one above.
    pub(super) departments: [(&'static str, &'static str, Option<&'static str>); 3],
    /// Employees.
    pub(super) employees: [Someone; 3],
}

/// An invented employee: number, name, kana, birth date, sex, hire date, codes of workplace and department.
pub(super) type Someone = [&'static str; 8];

/// 事業場 of the sample files.
pub(super) const WORKPLACES: [(&str, &str); 4] =
    [("W01", "東京本社"), ("W02", "大阪支社"), ("W03", "川崎工場"), ("W04", "福岡営業所")];
/// The department that the demo managers are in charge of, with the one below it; the second demo employee is elsewhere.
pub(super) const MANAGED: &str = "X100";
/// The employees that have accounts, in the order of their accounts.
pub(super) const WITH_ACCOUNTS: [&str; 2] = ["D0001", "D0002"];

pub(super) const COMPANIES: [Company; 2] = [
    Company {
        code: "minato",
        name: "みなと精機株式会社",
        departments: [("X100", "健康推進部", None), ("X110", "健康推進課", Some("X100")), ("X200", "総務課", None)],
        employees: [
            ["D0001", "青山 みなみ", "アオヤマ ミナミ", "1988-06-12", "女", "2012-04-01", "W01", "X110"],
            ["D0002", "海野 大輔", "ウンノ ダイスケ", "1979-11-03", "男", "2004-04-01", "W03", "X200"],
            ["D0003", "桐谷 さやか", "キリタニ サヤカ", "1995-02-27", "女", "2018-10-01", "W02", "X100"],
        ],
    },
    Company {
        code: "hikari",
        name: "ひかり食品株式会社",
        departments: [("X100", "品質保証部", None), ("X110", "検査課", Some("X100")), ("X200", "物流課", None)],
        employees: [
            ["D0001", "朝倉 ひかる", "アサクラ ヒカル", "1990-09-09", "男", "2013-04-01", "W01", "X110"],
            ["D0002", "和泉 玲奈", "イズミ レナ", "1983-01-20", "女", "2008-07-01", "W02", "X200"],
            ["D0003", "片桐 蓮", "カタギリ レン", "1998-12-05", "男", "2021-04-01", "W04", "X100"],
        ],
    },
];

/// The company behind a code; tenants that a test makes are like the first one.
pub(super) fn of(code: &str) -> &'static Company {
    COMPANIES.iter().find(|company| company.code == code).unwrap_or(&COMPANIES[0])
}
