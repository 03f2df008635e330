//! Overwork (過重労働): from the hours that somebody has worked to what the law asks of the employer next (domain.md 5). The figure of health is not the payroll's overtime:
//! it is what a period has beyond 40 hours a week (安衛法66の8, 安衛則52の2).
//!
//! | | |
//! | --- | --- |
//! | [`minutes`] | lengths of time, read exactly |
//! | [`period`] | months of work, which may close on another day than a month's last |
//! | [`figure`] | the figure of health as a rational number, its averages, lines and classes |
//! | [`agreement`] | the lines of the 36協定, as warnings |
//! | [`duty`] | whom the law wants notified, told about and interviewed, and by when |
//! | [`fatigue`] | the fatigue check list (疲労蓄積度自己診断チェックリスト) |

pub mod agreement;
pub mod duty;
pub mod fatigue;
pub mod figure;
pub mod minutes;
pub mod period;

/// How sure a row of a table is (domain.md, how to read).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// Two sources agree, or the text of the law is known.
    High,
    /// One source.
    Medium,
    /// To be verified before it is relied on.
    Low,
}
