//! The rules of occupational health and of accounts, as pure functions and tables: no I/O, no async, no clock, no AWS.
//! Time, randomness and tenant are parameters everywhere.
#![warn(missing_docs)]

pub mod account;
pub mod attachment;
pub mod availability;
pub mod checked;
pub mod checkup;
pub mod contract;
pub mod control;
pub mod dates;
pub mod decimal;
pub mod employee;
pub mod export;
pub mod follow_up;
pub mod handling;
pub mod ids;
pub mod incident;
pub mod intake;
pub mod interview;
pub mod leave;
pub mod lifelog;
pub mod notice;
pub mod organisation;
pub mod overwork;
pub mod points;
pub mod remark;
pub mod reminder;
pub mod report;
pub mod retention;
pub mod rights;
pub mod stress;
pub mod table;
pub mod text;
pub mod time;
pub mod work_fitness;
