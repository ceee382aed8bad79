//! The engine over real sockets: what reaches the vendor, what reaches the client, what is told.

// Helpers of tests are tests, as far as lints are concerned.
#![cfg(test)]

mod calls;
mod client;
mod face;
mod faults;
mod own;
mod reload;
mod streams;
mod traces;
mod upstream;
