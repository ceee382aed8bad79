//! The body of a request: whole and in one piece, or as it comes.
//!
//! One type for both, because a connection speaks one type of body and serves both. A body that comes
//! is pulled by the connection, so that a slow vendor slows whoever makes it.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tollgate_providers_common::{StreamBroken, Upload};

/// The body of a request.
pub(crate) enum Outgoing {
    /// All of it; gone once it was taken.
    Whole(Option<Bytes>),
    /// As it comes, and what its length says is still to come.
    Coming {
        /// The rest of it.
        upload: Upload,
    },
}

impl Outgoing {
    /// A body in one piece.
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = StreamBroken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamBroken>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Coming { upload } => {
                let next = ready!(upload.body.as_mut().poll_next(cx));
                if let (Some(Ok(chunk)), Some(left)) = (&next, &mut upload.length) {
                    *left = left.saturating_sub(chunk.len() as u64);
                }
                Poll::Ready(next.map(|chunk| chunk.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Coming { upload } => upload.length == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Coming { upload: Upload { length: Some(left), .. } } => {
                SizeHint::with_exact(*left)
            }
            Self::Coming { upload: Upload { length: None, .. } } => SizeHint::default(),
        }
    }
}
