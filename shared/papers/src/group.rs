//! Group analysis of the stress check for whoever leads a group (集団分析結果): its figures beside those of everybody, and the two judgement diagrams.

use domain::{
    dates::japanese,
    stress::{
        analysis::{Band, Diagram, RiskModel, Tally, Which, shown},
        scales::ROWS,
    },
};
use jiff::civil::Date;

use crate::paper::{Align, Area, Paper, area};

/// What is printed of a group.
#[derive(Debug)]
pub struct GroupPaper<'a> {
    /// What the round is called.
    pub title: &'a str,
    /// What the group is called.
    pub name: &'a str,
    /// The day on which it was looked where people stand.
    pub as_of: Date,
    /// The group's figures.
    pub tally: &'a Tally,
    /// Those of everybody, where the reader may see them.
    pub whole: Option<&'a Tally>,
    /// By which coefficients risks are told; none where they are not.
    pub model: Option<&'static RiskModel>,
}

const LEFT: f32 = 15.0;
const WIDE: f32 = 180.0;
const TEXT: f32 = 8.5;
const SMALL: f32 = 7.0;
/// A diagram's side.
const SIDE: f32 = 66.0;
/// What a diagram shows of the means, from 3 to 12.
const SHOWN: (f64, f64) = (4.0, 12.0);

/// The paper.
#[must_use]
pub fn group(of: &GroupPaper<'_>) -> Paper {
    let mut paper = Paper::new("ストレスチェック集団分析結果");
    paper.text((105.0, 20.0), 14.0, Align::Middle, "ストレスチェック集団分析結果");
    let rows = [
        ("実施回", of.title.to_owned()),
        ("集団", of.name.to_owned()),
        ("回答者数", format!("{} 人", of.tally.respondents())),
        ("所属の基準日", japanese(of.as_of)),
    ];
    let mut y = 26.0;
    for (what, value) in rows {
        paper.head(area(LEFT, y, 32.0, 8.0), SMALL, what);
        paper.cell(area(LEFT + 32.0, y, WIDE - 32.0, 8.0), 10.0, Align::Left, (what, &value));
        y += 8.0;
    }
    risks(&mut paper, of, 62.0);
    let both = [(Which::LoadAndControl, LEFT + 12.0), (Which::Support, LEFT + 104.0)];
    for (which, x) in both {
        diagram(&mut paper, of, which, area(x, 92.0, SIDE, SIDE));
    }
    scales(&mut paper, of, 172.0);
    notes(&mut paper, of, 274.0);
    if of.tally.further().next().is_some() {
        further(&mut paper, of);
    }
    paper.finished()
}

fn risks(paper: &mut Paper, of: &GroupPaper<'_>, y: f32) {
    let told = |tally: &Tally| {
        let (model, diagram) = of.model.zip(tally.diagram())?;
        Some(model.risks(diagram, tally.female_share()))
    };
    let own = told(of.tally);
    let whole = of.whole.and_then(told);
    let heads = ["健康リスク（全国平均100）", "量-コントロール", "職場の支援", "総合"];
    let wide = [60.0, 40.0, 40.0, 40.0];
    let mut x = LEFT;
    for (what, wide) in heads.into_iter().zip(wide) {
        paper.head(area(x, y, wide, 6.0), SMALL, what);
        x += wide;
    }
    for (row, (name, risks)) in [(6.0, ("この集団", own)), (13.0, ("全体", whole))] {
        paper.cell(area(LEFT, y + row, 60.0, 7.0), TEXT, Align::Left, (name, name));
        let values = risks.map(|of| [of.load_and_control, of.support, of.total].map(shown));
        let mut x = LEFT + 60.0;
        for at in 0..3 {
            let value = values.and_then(|values| values.get(at).copied());
            let words = match value {
                Some(total) if at == 2 => format!("{total}（{}）", Band::of(total).japanese()),
                Some(value) => value.to_string(),
                None => "―".to_owned(),
            };
            paper.cell(area(x, y + row, 40.0, 7.0), 10.0, Align::Middle, (name, &words));
            x += 40.0;
        }
    }
}

/// Where a mean lies on an axis, from 0 to 1.
fn place(mean: f64) -> f32 {
    let share = ((mean - SHOWN.0) / (SHOWN.1 - SHOWN.0)).clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1, drawn")]
    let share = share as f32;
    share
}

fn diagram(paper: &mut Paper, of: &GroupPaper<'_>, which: Which, at: Area) {
    let (title, across, up) = match which {
        Which::LoadAndControl => ("量-コントロール判定図", "仕事の量的負担", "仕事のコントロール"),
        Which::Support => ("職場の支援判定図", "上司の支援", "同僚の支援"),
    };
    let of_which = |diagram: Diagram| match which {
        Which::LoadAndControl => (diagram.quantity, diagram.control),
        Which::Support => (diagram.supervisor, diagram.coworkers),
    };
    let to_paper = |(x, y): (f64, f64)| (at.x + place(x) * at.width, at.y + at.height - place(y) * at.height);
    paper.text((at.x + at.width / 2.0, at.y - 2.0), 9.0, Align::Middle, title);
    paper.frame(at, 0.2);
    for tick in 4..=12_u8 {
        let (x, y) = to_paper((f64::from(tick), f64::from(tick)));
        paper.rule((x, at.y + at.height), (x, at.y + at.height + 1.0), 0.15);
        paper.rule((at.x - 1.0, y), (at.x, y), 0.15);
        paper.text((x, at.y + at.height + 4.0), 6.0, Align::Middle, &tick.to_string());
        paper.text((at.x - 1.5, y + 1.0), 6.0, Align::Right, &tick.to_string());
    }
    paper.text((at.x + at.width / 2.0, at.y + at.height + 8.0), SMALL, Align::Middle, across);
    paper.text((at.x - 8.0, at.y - 5.0), 6.0, Align::Left, up);
    let share = of.tally.female_share();
    if let Some(model) = of.model {
        for risk in [80.0, 100.0, 120.0, 150.0] {
            let within = |&&(x, y): &&(f64, f64)| (SHOWN.0..=SHOWN.1).contains(&x) && (SHOWN.0..=SHOWN.1).contains(&y);
            let line = model.contour(which, risk, share);
            let line: Vec<(f32, f32)> = line.iter().filter(within).map(|point| to_paper(*point)).collect();
            for pair in line.windows(2) {
                if let [from, to] = pair {
                    paper.rule(*from, *to, 0.15);
                }
            }
            if let Some(end) = line.last() {
                paper.text((end.0 + 0.8, end.1 + 1.0), 6.0, Align::Left, &format!("{risk:.0}"));
            }
        }
        let (x, y) = to_paper(of_which(model.means(share)));
        paper.text((x, y + 1.2), 9.0, Align::Middle, "＋");
    }
    for (tally, sign) in of.whole.into_iter().map(|whole| (whole, "○")).chain([(of.tally, "●")]) {
        if let Some(diagram) = tally.diagram() {
            let (x, y) = to_paper(of_which(diagram));
            paper.text((x, y + 1.2), 9.0, Align::Middle, sign);
        }
    }
}

fn mean(value: Option<f64>) -> String {
    value.map_or_else(|| "―".to_owned(), |value| format!("{value:.2}"))
}

fn scales(paper: &mut Paper, of: &GroupPaper<'_>, y: f32) {
    let half = WIDE / 2.0;
    let rows: Vec<_> = ROWS.iter().filter(|row| of.tally.mean(row.scale).is_some()).collect();
    let left = rows.len().div_ceil(2);
    for (side, rows) in [(0.0, rows.get(..left)), (half, rows.get(left..))] {
        let x = LEFT + side;
        for (at, wide, what) in
            [(0.0, 46.0, "尺度（平均点）"), (46.0, 14.0, "範囲"), (60.0, 15.0, "この集団"), (75.0, 15.0, "全体")]
        {
            paper.head(area(x + at, y, wide, 6.0), SMALL, what);
        }
        let mut at = y + 6.0;
        for row in rows.unwrap_or_default() {
            let (low, high) = row.range();
            paper.cell(area(x, at, 46.0, 8.5), SMALL, Align::Left, (row.japanese, row.japanese));
            paper.cell(area(x + 46.0, at, 14.0, 8.5), SMALL, Align::Middle, (row.japanese, &format!("{low}～{high}")));
            let own = mean(of.tally.mean(row.scale));
            paper.cell(area(x + 60.0, at, 15.0, 8.5), 9.0, Align::Right, (row.japanese, &own));
            let whole = mean(of.whole.and_then(|whole| whole.mean(row.scale)));
            paper.cell(area(x + 75.0, at, 15.0, 8.5), 9.0, Align::Right, (row.japanese, &whole));
            at += 8.5;
        }
    }
}

fn further(paper: &mut Paper, of: &GroupPaper<'_>) {
    paper.next_sheet();
    paper.text((105.0, 20.0), 12.0, Align::Middle, "新職業性ストレス簡易調査票の尺度（平均点1～4、高いほど良好）");
    let wide = [("分類", 40.0), ("尺度", 80.0), ("この集団", 20.0), ("全体", 20.0), ("全国", 20.0)];
    let mut x = LEFT;
    for (what, wide) in wide {
        paper.head(area(x, 26.0, wide, 7.0), SMALL, what);
        x += wide;
    }
    let whole: Vec<f64> = of.whole.map(|whole| whole.further().map(|(_, mean)| mean).collect()).unwrap_or_default();
    let mut y = 33.0;
    for (number, (scale, own)) in of.tally.further().enumerate() {
        let [.., norm] = scale.norms;
        let cells = [
            (40.0, Align::Left, scale.level.japanese().to_owned()),
            (80.0, Align::Left, scale.japanese.to_owned()),
            (20.0, Align::Right, mean(Some(own))),
            (20.0, Align::Right, mean(whole.get(number).copied())),
            (20.0, Align::Right, mean(Some(f64::from(norm) / 100.0))),
        ];
        let mut x = LEFT;
        for (wide, align, words) in cells {
            paper.cell(area(x, y, wide, 8.0), TEXT, align, (scale.japanese, &words));
            x += wide;
        }
        y += 8.0;
    }
}

fn notes(paper: &mut Paper, of: &GroupPaper<'_>, y: f32) {
    let mut lines = vec![
        "●この集団　○全体　＋全国平均。線は健康リスクが等しい点を結んだものです。".to_owned(),
        "この結果は集団の傾向を示すもので、個人の結果や管理者の評価を示すものではありません。目的以外に利用せず、関係者以外に渡さないでください。".to_owned(),
    ];
    if let Some(model) = of.model {
        lines.push(format!("健康リスク：{}（小数点以下切捨て）", model.source));
    }
    paper.paragraph((LEFT, y), WIDE, 6.5, &lines.join("\n"));
}

#[cfg(test)]
mod tests {
    use domain::stress::{answers::Answers, scales::Columns};
    use jiff::civil::date;

    use super::*;

    fn tally(texts: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for text in texts {
            for columns in [Columns::Male, Columns::Female] {
                tally.add(&Answers::from_compact(text).unwrap(), columns);
            }
        }
        tally
    }

    #[test]
    fn r35_a_groups_paper_is_laid_out_like_this() {
        let (own, more) = ("2231".repeat(20), "3322".repeat(20));
        let (tally, whole) = (tally(&[&own]), tally(&[&own, &more]));
        let paper = group(&GroupPaper {
            title: "2026年度ストレスチェック",
            name: "製造部 第一課",
            as_of: date(2026, 10, 30),
            tally: &tally,
            whole: Some(&whole),
            model: RiskModel::of("classic"),
        });
        assert!(paper.lies_on_its_sheets() && paper.sheets.len() == 2);
        insta::assert_snapshot!(paper.dump());
        let bytes = paper.pdf().unwrap();
        if let Some(folder) = std::env::var_os("PAPERS_OUT") {
            std::fs::write(std::path::Path::new(&folder).join("group.pdf"), bytes).unwrap();
        }
    }
}
