//! The engine over real sockets: what reaches the vendor, what reaches the client, what is told.

mod calls;
mod client;
mod faults;
mod streams;
mod upstream;
