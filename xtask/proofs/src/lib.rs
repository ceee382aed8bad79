//! Proofs by running: what the readers and encoders do to every field, and to any bytes.
//!
//! Two chores that need the vendor crates, and stand apart from `xtask` so that every other chore
//! still builds in seconds: [`translation`] makes the matrix of what each dialect can say, [`fuzz`]
//! feeds every reader broken input. It must never hold knowledge of a dialect that could disagree
//! with the code: what is told here was seen.

mod clock;
pub mod fuzz;
pub mod translation;
