//! Reports that the law asks an employer for: what is counted of whom, and what stands in which field. Forms change with the law, so that each is a table with the days that it holds for.

pub mod dashboard;
pub mod form6;
pub mod form6_3;
