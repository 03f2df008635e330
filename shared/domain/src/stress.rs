//! The stress check (ストレスチェック, 労働安全衛生法66条の10): the questionnaire, what was answered, and what that means for a person. Pure tables and arithmetic; who may see any of
//! it is decided elsewhere. Three different directions lie on one set of answers (domain.md 0-3): simple sums, where high is bad; grades by the conversion table, where low is bad; and the
//! judgement diagrams of groups, where high is more of it.

pub mod advice;
pub mod analysis;
pub mod answers;
pub mod profile;
pub mod questionnaire;
pub mod round;
pub mod scales;
pub mod scoring;
pub mod sharing;
pub mod suppression;
pub mod targets;
