//! checkups
