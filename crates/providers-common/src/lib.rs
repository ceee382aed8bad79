//! The vendor seam: what a dialect is, and what every dialect shares.
//!
//! A vendor crate implements [`codec::Codec`] (and [`codec::ChatCodec`] where it can translate),
//! and, where clients speak its dialect, [`client::ClientDialect`]. All of it is pure and
//! synchronous: bytes in, bytes out, no clock, no randomness, no socket. I/O enters through
//! [`io::Transport`] and [`io::Authorizer`] alone. This crate must never know any vendor.
//!
//! In reading order: [`inbound`] what a client sent, [`target`] where it goes, [`codec`] the vendor
//! side, [`embed`] vectors, [`piece`] requests cut into several, [`client`] the client side, [`framing`] over [`sse`] and [`eventstream`],
//! [`splice`] editing JSON without rebuilding it,
//! [`scan`] reading a body's top level once, [`node`] explaining what is wrong in it,
//! [`retry_after`] vendors' pauses, [`mod@fold`] streams made whole and the reverse,
//! [`mod@inline`] pictures that a request points to, [`multipart`] forms with files, [`io`] the I/O seams.
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

pub mod call_ids;
pub mod client;
pub mod codec;
pub mod embed;
pub mod eventstream;
pub mod fold;
pub mod framing;
pub mod inbound;
pub mod inline;
pub mod io;
pub mod multipart;
pub mod node;
pub mod piece;
pub mod retry_after;
pub mod scan;
pub mod splice;
pub mod sse;
pub mod target;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;

pub use client::{BadRequest, ClientDialect, ErrorReport, RenderContext, StreamEncoder};
pub use codec::{
    Account, ChatCodec, Codec, DecodeError, EncodeError, Encoded, Provider, StreamDecoder,
};
pub use embed::{EmbedCodec, EmbedReply, EmbedRequest};
pub use fold::{ReplyBuilder, fold, unfold};
pub use framing::{Framer, Framing};
pub use inbound::{Facts, Inbound};
pub use io::{
    Authorizer, ByteStream, Deadlines, RequestStream, StreamBroken, Transport, TransportError,
    Upload,
};
pub use node::Node;
pub use piece::Piece;
pub use sse::{Frame, FrameError, FrameKind, SseFramer};
pub use target::{ParamRules, UpstreamTarget};
