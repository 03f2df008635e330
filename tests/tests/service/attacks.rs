//! Attacks, one module per class of the checklist of 安全なウェブサイトの作り方: each goes through every opening of every operation, with every role that may call
//! it, and through every cell of every kind of import. What the checklist asks for stands in `docs/security/ipa-checklist.json`, with these tests as its evidence.
//!
//! New operations and new fields are attacked as soon as the contract has them; a new kind of import, as soon as it has a sample file ([`stage`]).

mod stage;

mod access_control;
mod buffer_overflow;
mod clickjacking;
mod cross_site_scripting;
mod csrf;
mod http_headers;
mod mail_headers;
mod os_commands;
mod path_traversal;
mod sessions;
mod sql_injection;
