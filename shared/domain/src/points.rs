//! Health points (健康ポイント): what a company gives for what its employees do for themselves (domain.md 7.2, 7.3).
//!
//! [`rules`] are data of the company: what gives how many points, under which caps. [`award`] says what a day that is fixed comes to. [`wallet`] is the machine that every change of
//! somebody's points goes through, so that the ledger always adds up. [`suspicion`] points out days that somebody should look at.

pub mod award;
pub mod rules;
pub mod suspicion;
pub mod wallet;
