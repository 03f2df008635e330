//! The questionnaires: 職業性ストレス簡易調査票 (57 items), its short form (簡略版, 23 of them) and 新職業性ストレス簡易調査票 (推奨尺度セット短縮版, the 57 and 23 further ones).
//! An item keeps its number in all of them, so that one set of tables serves the three (domain.md 4.2, 4.5, 4.6).

use serde::{Deserialize, Serialize};

/// Where the Japanese text comes from, as whoever shows it has to say.
pub const SOURCE: &str =
    "職業性ストレス簡易調査票（厚生労働省）。公共データ利用規約（第1.0版）に基づき利用しています。";
/// The licence of the Japanese text: Public Data License 1.0, which asks for attribution and is compatible with CC BY 4.0.
pub const LICENCE: &str = "PDL-1.0";
/// Where the English text comes from: it is a working translation of this service's own (confidence M), not the ministry's.
pub const ENGLISH_SOURCE: &str =
    "Working translation of the Japanese text by this service; not the official translation by the Ministry.";

/// Whether the ministry has authorised the English text: it has translations of its own.
pub const ENGLISH_AUTHORISED: bool = false;

/// Which questionnaire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Questionnaire {
    /// 簡略版, 23 items.
    #[serde(rename = "items_23")]
    Short,
    /// 職業性ストレス簡易調査票, 57 items.
    #[serde(rename = "items_57")]
    Standard,
    /// 新職業性ストレス簡易調査票 推奨尺度セット短縮版, 80 items.
    #[serde(rename = "items_80")]
    Extended,
}

/// The part of the questionnaire that an item stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Area {
    /// あなたの仕事について: what may cause stress.
    A,
    /// 最近1か月間の状態: how mind and body react.
    B,
    /// あなたの周りの方々: who helps.
    C,
    /// 満足度. Never part of the decision about high stress.
    D,
    /// The further items of the 80.
    E,
}

/// What an answer counts in the simple sum (合計点数法).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InSum {
    /// `5 - answer`.
    Reversed,
    /// The answer.
    AsIs,
    /// Nothing.
    Unused,
}

/// Text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// As it is printed.
    pub japanese: &'static str,
    /// The same in English ([`ENGLISH_SOURCE`]).
    pub english: &'static str,
}

/// One item.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// 1 to 80, the same in every questionnaire.
    pub number: u8,
    /// Its part.
    pub area: Area,
    /// What it counts in the simple sum.
    pub in_sum: InSum,
    /// The question that stands above three items, in part C.
    pub lead: Option<Text>,
    /// The item itself; in part C the people whom the question is about.
    pub text: Text,
}

/// How many items there are in all.
pub const COUNT: usize = 80;

const fn text(japanese: &'static str, english: &'static str) -> Text {
    Text { japanese, english }
}

const fn item(number: u8, area: Area, in_sum: InSum, japanese: &'static str, english: &'static str) -> Item {
    Item { number, area, in_sum, lead: None, text: text(japanese, english) }
}

const fn about(number: u8, lead: Text, whom: Text) -> Item {
    Item { number, area: Area::C, in_sum: InSum::AsIs, lead: Some(lead), text: whom }
}

const TALK: Text =
    text("次の人たちはどのくらい気軽に話ができますか?", "How freely can you talk with the following people?");
const RELY: Text = text(
    "あなたが困った時、次の人たちはどのくらい頼りになりますか?",
    "How much can you rely on the following people when you are in trouble?",
);
const LISTEN: Text = text(
    "あなたの個人的な問題を相談したら、次の人たちはどのくらいきいてくれますか?",
    "How well do the following people listen when you ask for advice on personal matters?",
);
const SUPERVISOR: Text = text("上司", "Supervisors");
const COWORKERS: Text = text("職場の同僚", "Co-workers");
const FAMILY: Text = text("配偶者、家族、友人等", "Spouse, family, friends and others");

use Area::{A, B, D, E};
use InSum::{AsIs, Reversed, Unused};

/// All items, in order.
#[rustfmt::skip]
pub static ITEMS: [Item; COUNT] = [
    item( 1, A, Reversed, "非常にたくさんの仕事をしなければならない", "I have to do a very large amount of work"),
    item( 2, A, Reversed, "時間内に仕事が処理しきれない", "I cannot get my work done within the time I have"),
    item( 3, A, Reversed, "一生懸命働かなければならない", "I have to work as hard as I can"),
    item( 4, A, Reversed, "かなり注意を集中する必要がある", "I have to concentrate very carefully"),
    item( 5, A, Reversed, "高度の知識や技術が必要なむずかしい仕事だ", "My work is difficult and needs advanced knowledge or skills"),
    item( 6, A, Reversed, "勤務時間中はいつも仕事のことを考えていなければならない", "I have to think about work all the time during working hours"),
    item( 7, A, Reversed, "からだを大変よく使う仕事だ", "My work is physically demanding"),
    item( 8, A, AsIs,     "自分のペースで仕事ができる", "I can work at my own pace"),
    item( 9, A, AsIs,     "自分で仕事の順番・やり方を決めることができる", "I can decide the order and the way in which I do my work"),
    item(10, A, AsIs,     "職場の仕事の方針に自分の意見を反映できる", "My opinions can influence how work is done at my workplace"),
    item(11, A, Reversed, "自分の技能や知識を仕事で使うことが少ない", "I seldom use my skills and knowledge at work"),
    item(12, A, Reversed, "私の部署内で意見のくい違いがある", "There are differences of opinion within my department"),
    item(13, A, Reversed, "私の部署と他の部署とはうまが合わない", "My department does not get along well with other departments"),
    item(14, A, AsIs,     "私の職場の雰囲気は友好的である", "The atmosphere at my workplace is friendly"),
    item(15, A, Reversed, "私の職場の作業環境(騒音、照明、温度、換気など)はよくない", "My physical working environment (noise, light, temperature, air) is poor"),
    item(16, A, AsIs,     "仕事の内容は自分にあっている", "The content of my work suits me"),
    item(17, A, AsIs,     "働きがいのある仕事だ", "My work is worth doing"),
    item(18, B, Reversed, "活気がわいてくる", "I have felt full of life"),
    item(19, B, Reversed, "元気がいっぱいだ", "I have felt full of energy"),
    item(20, B, Reversed, "生き生きする", "I have felt lively"),
    item(21, B, AsIs,     "怒りを感じる", "I have felt angry"),
    item(22, B, AsIs,     "内心腹立たしい", "I have been inwardly annoyed"),
    item(23, B, AsIs,     "イライラしている", "I have been irritable"),
    item(24, B, AsIs,     "ひどく疲れた", "I have been very tired"),
    item(25, B, AsIs,     "へとへとだ", "I have been exhausted"),
    item(26, B, AsIs,     "だるい", "I have felt weary"),
    item(27, B, AsIs,     "気がはりつめている", "I have felt tense"),
    item(28, B, AsIs,     "不安だ", "I have felt anxious"),
    item(29, B, AsIs,     "落着かない", "I have felt restless"),
    item(30, B, AsIs,     "ゆううつだ", "I have felt depressed"),
    item(31, B, AsIs,     "何をするのも面倒だ", "Everything has been too much trouble"),
    item(32, B, AsIs,     "物事に集中できない", "I have not been able to concentrate"),
    item(33, B, AsIs,     "気分が晴れない", "I have felt gloomy"),
    item(34, B, AsIs,     "仕事が手につかない", "I have not been able to settle down to work"),
    item(35, B, AsIs,     "悲しいと感じる", "I have felt sad"),
    item(36, B, AsIs,     "めまいがする", "I have felt dizzy"),
    item(37, B, AsIs,     "体のふしぶしが痛む", "My joints have ached"),
    item(38, B, AsIs,     "頭が重かったり頭痛がする", "My head has felt heavy or ached"),
    item(39, B, AsIs,     "首筋や肩がこる", "My neck or shoulders have been stiff"),
    item(40, B, AsIs,     "腰が痛い", "My lower back has ached"),
    item(41, B, AsIs,     "目が疲れる", "My eyes have been tired"),
    item(42, B, AsIs,     "動悸や息切れがする", "I have had palpitations or been short of breath"),
    item(43, B, AsIs,     "胃腸の具合が悪い", "My stomach or bowels have been upset"),
    item(44, B, AsIs,     "食欲がない", "I have had no appetite"),
    item(45, B, AsIs,     "便秘や下痢をする", "I have had constipation or diarrhoea"),
    item(46, B, AsIs,     "よく眠れない", "I have not slept well"),
    about(47, TALK, SUPERVISOR), about(48, TALK, COWORKERS), about(49, TALK, FAMILY),
    about(50, RELY, SUPERVISOR), about(51, RELY, COWORKERS), about(52, RELY, FAMILY),
    about(53, LISTEN, SUPERVISOR), about(54, LISTEN, COWORKERS), about(55, LISTEN, FAMILY),
    item(56, D, Unused,   "仕事に満足だ", "I am satisfied with my work"),
    item(57, D, Unused,   "家庭生活に満足だ", "I am satisfied with my family life"),
    item(58, E, Unused,   "感情面で負担になる仕事だ", "My work is emotionally demanding"),
    item(59, E, Unused,   "複数の人からお互いに矛盾したことを要求される", "Different people ask me for things that contradict each other"),
    item(60, E, Unused,   "自分の職務や責任が何であるか分かっている", "I know what my duties and responsibilities are"),
    item(61, E, Unused,   "仕事で自分の長所をのばす機会がある", "My work gives me opportunities to develop my strengths"),
    item(62, E, Unused,   "自分の仕事に見合う給料やボーナスをもらっている", "My pay and bonuses are adequate to my work"),
    item(63, E, Unused,   "私は上司からふさわしい評価を受けている", "My supervisor appreciates me as I deserve"),
    item(64, E, Unused,   "職を失う恐れがある", "I may lose my job"),
    item(65, E, Unused,   "上司は、部下が能力を伸ばす機会を持てるように、取り計らってくれる", "My supervisor sees to it that people can develop their abilities"),
    item(66, E, Unused,   "上司は誠実な態度で対応してくれる", "My supervisor deals with me sincerely"),
    item(67, E, Unused,   "努力して仕事をすれば、ほめてもらえる", "I am praised when I make an effort"),
    item(68, E, Unused,   "失敗しても挽回するチャンスがある職場だ", "At my workplace one gets another chance after a failure"),
    item(69, E, Unused,   "経営層からの情報は信頼できる", "What the management tells us can be trusted"),
    item(70, E, Unused,   "職場や仕事で変化があるときには、従業員の意見が聞かれている", "Employees are heard when something changes at the workplace or in their work"),
    item(71, E, Unused,   "一人ひとりの価値観を大事にしてくれる職場だ", "My workplace respects the values of each person"),
    item(72, E, Unused,   "人事評価の結果について十分な説明がなされている", "The results of personnel evaluations are explained sufficiently"),
    item(73, E, Unused,   "いろいろな立場の人が職場の一員として尊重されている(正規、非正規、アルバイトなど)", "People of every status (regular, non-regular, part-time) are respected as members of the workplace"),
    item(74, E, Unused,   "意欲を引き出したり、キャリアに役立つ教育が行われている", "There is training that motivates and helps one's career"),
    item(75, E, Unused,   "仕事のことを考えているため自分の生活を充実させられない", "Because I think about work, I cannot live a full life of my own"),
    item(76, E, Unused,   "仕事でエネルギーをもらうことで、自分の生活がさらに充実している", "The energy that I get from work makes my own life fuller"),
    item(77, E, Unused,   "職場で自分がいじめにあっている(セクハラ、パワハラを含む)", "I am bullied at work (including sexual harassment and abuse of power)"),
    item(78, E, Unused,   "私たちの職場では、お互いに理解し認め合っている", "At our workplace we understand and accept each other"),
    item(79, E, Unused,   "仕事をしていると、活力がみなぎるように感じる", "I feel full of vigour when I work"),
    item(80, E, Unused,   "自分の仕事に誇りを感じる", "I am proud of my work"),
];

/// The numbers of the 57 and of the 80 are the first so many.
static NUMBERS: [u8; COUNT] = {
    let mut numbers = [0; COUNT];
    let mut at = 0;
    while at < COUNT {
        numbers[at] = ITEMS[at].number;
        at += 1;
    }
    numbers
};
/// The items of the short form (domain.md 4.5).
const SHORT: [u8; 23] = [1, 2, 3, 8, 9, 10, 24, 25, 26, 27, 28, 29, 30, 31, 33, 44, 46, 47, 48, 50, 51, 53, 54];

impl Questionnaire {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Short, Self::Standard, Self::Extended];

    /// The numbers of its items, in the order in which they are asked and in which files have them.
    #[must_use]
    pub fn numbers(self) -> &'static [u8] {
        match self {
            Self::Short => &SHORT,
            Self::Standard => NUMBERS.split_at(57).0,
            Self::Extended => &NUMBERS,
        }
    }

    /// Its items, in the same order.
    pub fn items(self) -> impl Iterator<Item = &'static Item> {
        self.numbers().iter().filter_map(|number| of(*number))
    }

    /// Whether it has the item.
    #[must_use]
    pub fn has(self, number: u8) -> bool {
        match self {
            Self::Short => SHORT.contains(&number),
            Self::Standard => (1..=57).contains(&number),
            Self::Extended => (1..=80).contains(&number),
        }
    }

    /// What people read.
    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Short => "職業性ストレス簡易調査票（簡略版23項目）",
            Self::Standard => "職業性ストレス簡易調査票（57項目）",
            Self::Extended => "新職業性ストレス簡易調査票（80項目）",
        }
    }
}

/// The item of a number; none where there is no such number.
#[must_use]
pub fn of(number: u8) -> Option<&'static Item> {
    ITEMS.get(usize::from(number).checked_sub(1)?)
}

impl Area {
    /// All parts, in the order in which they are asked.
    pub const ALL: [Self; 5] = [Self::A, Self::B, Self::C, Self::D, Self::E];

    /// What stands above it.
    #[must_use]
    pub const fn heading(self) -> Text {
        match self {
            Self::A => text(
                "あなたの仕事についてうかがいます。最もあてはまるものを選んでください。",
                "About your work: choose the answer that fits best.",
            ),
            Self::B => text(
                "最近1か月間のあなたの状態についてうかがいます。最もあてはまるものを選んでください。",
                "About your condition during the past month: choose the answer that fits best.",
            ),
            Self::C => text(
                "あなたの周りの方々についてうかがいます。最もあてはまるものを選んでください。",
                "About the people around you: choose the answer that fits best.",
            ),
            Self::D => text("満足度について", "About satisfaction"),
            Self::E => text(
                "あなたの仕事や職場について、さらにうかがいます。最もあてはまるものを選んでください。",
                "More about your work and workplace: choose the answer that fits best.",
            ),
        }
    }

    /// The answers that there are, for the codes 1 to 4.
    #[must_use]
    pub const fn choices(self) -> [Text; 4] {
        match self {
            Self::A | Self::E => [
                text("そうだ", "True"),
                text("まあそうだ", "Rather true"),
                text("ややちがう", "Rather untrue"),
                text("ちがう", "Untrue"),
            ],
            Self::B => [
                text("ほとんどなかった", "Almost never"),
                text("ときどきあった", "Sometimes"),
                text("しばしばあった", "Often"),
                text("ほとんどいつもあった", "Almost always"),
            ],
            Self::C => [
                text("非常に", "Very much"),
                text("かなり", "Quite a lot"),
                text("多少", "A little"),
                text("全くない", "Not at all"),
            ],
            Self::D => [
                text("満足", "Satisfied"),
                text("まあ満足", "Somewhat satisfied"),
                text("やや不満足", "Somewhat dissatisfied"),
                text("不満足", "Dissatisfied"),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(questionnaire: Questionnaire, area: Area) -> usize {
        questionnaire.items().filter(|item| item.area == area).count()
    }

    #[test]
    fn r35_every_questionnaire_has_its_items_domain_4_2_4_5_4_6() {
        for (at, item) in ITEMS.iter().enumerate() {
            assert_eq!(usize::from(item.number), at + 1, "numbered as they stand");
            assert!(!item.text.japanese.is_empty() && item.text.english.is_ascii());
            assert_eq!(item.lead.is_some(), item.area == Area::C, "item {}", item.number);
        }
        let parts = |of| Area::ALL.map(|area| count(of, area));
        assert_eq!(parts(Questionnaire::Short), [6, 11, 6, 0, 0]);
        assert_eq!(parts(Questionnaire::Standard), [17, 29, 9, 2, 0]);
        assert_eq!(parts(Questionnaire::Extended), [17, 29, 9, 2, 23]);
        for questionnaire in Questionnaire::ALL {
            let has: Vec<u8> = (0..=255).filter(|number| questionnaire.has(*number)).collect();
            assert_eq!(has, questionnaire.numbers(), "{questionnaire:?}");
        }
        assert!(of(0).is_none() && of(81).is_none());
    }

    #[test]
    fn r35_fourteen_items_are_reversed_in_the_sum_and_satisfaction_is_not_in_it_domain_4_2() {
        let of = |in_sum| ITEMS.iter().filter(|item| item.in_sum == in_sum).map(|item| item.number).collect::<Vec<_>>();
        assert_eq!(of(Reversed), [1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 15, 18, 19, 20]);
        assert_eq!(of(Unused), (56..=80).collect::<Vec<_>>());
    }
}
