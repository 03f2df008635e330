//! checkups
fn main() {}
