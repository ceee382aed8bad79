//! Tests of the crate's public face: what engine and server call, on recorded and hostile input.
//!
//! `clients` is what clients may say and get, `golden` compares with files, `conformance` runs the shared kit and random bytes, `same` holds
//! the two body paths together, `support` is what they share.

mod clients;
mod conformance;
mod customs;
mod golden;
mod same;
pub(crate) mod support;
