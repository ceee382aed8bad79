//! What tells a connection's [`Pace`]: its socket says when bytes pass, its service when a request
//! begins and when the last of its answer is gone.

use bytes::Buf;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::service::Service;
use pin_project_lite::pin_project;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::pace::{Pace, UnderWay};
use crate::clock;

/// A socket, or a service, and the pace that it tells.
pub(super) struct Observed<T> {
    inner: T,
    pace: Arc<Pace>,
}

impl<T> Observed<T> {
    /// Tells `pace` of what `inner` does.
    pub(super) fn new(inner: T, pace: &Arc<Pace>) -> Self {
        Self { inner, pace: Arc::clone(pace) }
    }

    fn sent(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.pace.sent(clock::now);
        }
        written
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Observed<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.pace.received(clock::now);
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Observed<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.sent(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.sent(written)
    }
}

impl<S, R, B> Service<Request<R>> for Observed<S>
where
    S: Service<Request<R>, Response = Response<B>>,
{
    type Response = Response<Answer<B>>;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn call(&self, request: Request<R>) -> Self::Future {
        let under_way = Some(self.pace.begin(request.version(), clock::now()));
        Answering { inner: self.inner.call(request), under_way }
    }
}

pin_project! {
    /// The head of an answer, to come.
    pub(super) struct Answering<F> {
        #[pin]
        inner: F,
        under_way: Option<UnderWay>,
    }
}

impl<F, B, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<Answer<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(cx));
        let under_way = this.under_way.take();
        Poll::Ready(answer.map(|answer| answer.map(|inner| Answer { inner, under_way })))
    }
}

pin_project! {
    /// The body of an answer. The request is under way until it is dropped.
    pub(super) struct Answer<B> {
        #[pin]
        inner: B,
        under_way: Option<UnderWay>,
    }
}

impl<B: Body<Data: Buf>> Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
