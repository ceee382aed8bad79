//! Behaving: one request answered as a behaviour says, fault included.

use std::time::Duration;

use crate::body::{Body, Head};
use crate::clock;
use crate::dialect::{Call, Dialect};
use crate::frames::{Frame, Kind};
use crate::journal::{Handle, locked};
use crate::peer::{Gone, Peer};
use crate::script::{Behaviour, ErrorBody, ErrorText, Fault, Framing, Wire};

/// What becomes of the connection after an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It serves the next request.
    Keep,
    /// It is closed in good order.
    Close,
    /// It is reset.
    Reset,
}

impl From<Framing> for Next {
    fn from(framing: Framing) -> Self {
        match framing {
            Framing::Close => Self::Close,
            Framing::Length | Framing::Chunked => Self::Keep,
        }
    }
}

const PAGE: &str =
    "<!doctype html><html><body><h1>502 Bad Gateway</h1><script>1</script></body></html>";

/// One exchange: what is asked, how to behave, and where it is written down.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) behaviour: &'a Behaviour,
    pub(crate) entry: Handle,
    /// Whether this is one of every n that fail.
    pub(crate) nth_fails: bool,
}

impl Exchange<'_> {
    /// Answers a call that the vendor takes.
    ///
    /// # Errors
    /// When the client leaves first.
    pub(crate) async fn answer(&self, peer: &mut Peer, call: &Call<'_>) -> Result<Next, Gone> {
        match &self.behaviour.fault {
            Some(Fault::ResetBeforeHead) => return Ok(Next::Reset),
            Some(Fault::CloseBeforeHead) => return Ok(Next::Close),
            Some(Fault::Silent) => return Err(peer.until_gone().await),
            Some(Fault::SlowHead { ms }) => peer.wait(Duration::from_millis(*ms)).await?,
            _ => {}
        }
        if let Some((status, body, text)) = self.refusal() {
            return self.error(peer, status, &body, &text).await;
        }
        if call.streams() && !self.answers_whole() {
            return self.stream(peer, call).await;
        }
        let bytes = self.dialect.whole(call).to_string().into_bytes();
        self.whole(peer, &bytes).await
    }

    /// The error that the script wants instead of an answer.
    fn refusal(&self) -> Option<(u16, ErrorBody, ErrorText)> {
        let fault = self.behaviour.fault.as_ref()?;
        if let Fault::Status { code, body, error } = fault {
            return Some((*code, body.clone(), error.clone()));
        }
        if let Fault::Refuse { why } = fault {
            let (code, error) = self.dialect.refusal(*why);
            return Some((code, ErrorBody::Json, error));
        }
        self.nth_fails.then(|| (500, ErrorBody::Json, ErrorText::default()))
    }

    /// Whether the fault is one of a whole answer, whatever was asked for.
    fn answers_whole(&self) -> bool {
        matches!(
            self.behaviour.fault,
            Some(
                Fault::WholeForStream
                    | Fault::Html
                    | Fault::Empty
                    | Fault::TruncatedJson
                    | Fault::WrongLength { .. }
                    | Fault::ErrorIn200 { .. }
                    | Fault::Redirect { .. }
            )
        )
    }

    /// Writes an error answer.
    ///
    /// # Errors
    /// When the client leaves.
    pub(crate) async fn error(
        &self,
        peer: &mut Peer,
        status: u16,
        body: &ErrorBody,
        text: &ErrorText,
    ) -> Result<Next, Gone> {
        let (content_type, bytes) = match body {
            ErrorBody::Json => {
                ("application/json", self.dialect.error(status, text).to_string().into_bytes())
            }
            ErrorBody::Html => ("text/html", PAGE.as_bytes().to_vec()),
            ErrorBody::Empty => ("text/plain", Vec::new()),
            ErrorBody::Raw(raw) => ("text/plain", raw.clone().into_bytes()),
        };
        self.write(peer, Head::new(status, content_type), &bytes, 0).await
    }

    async fn whole(&self, peer: &mut Peer, bytes: &[u8]) -> Result<Next, Gone> {
        let head = Head::new(200, "application/json");
        let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
        match &self.behaviour.fault {
            Some(Fault::Html) => {
                self.write(peer, Head::new(200, "text/html"), PAGE.as_bytes(), 0).await
            }
            Some(Fault::Empty) => self.write(peer, head, b"", 0).await,
            Some(Fault::TruncatedJson) => self.write(peer, head, half, 0).await,
            Some(Fault::WrongLength { extra }) => self.write(peer, head, bytes, *extra).await,
            Some(Fault::ErrorIn200 { error }) => {
                let body = self.dialect.error(500, error).to_string();
                self.write(peer, head, body.as_bytes(), 0).await
            }
            Some(Fault::Redirect { location }) => {
                let head = Head::new(301, "text/plain").with("location", location);
                self.write(peer, head, b"", 0).await
            }
            _ => self.write(peer, head, bytes, 0).await,
        }
    }

    async fn write(
        &self,
        peer: &mut Peer,
        head: Head,
        bytes: &[u8],
        extra: u64,
    ) -> Result<Next, Gone> {
        let head = self.dressed(head);
        locked(&self.entry).first_byte_ms = Some(clock::now_ms());
        let wire = &self.behaviour.wire;
        Ok(Body::whole(peer, head, wire, bytes, extra).await?.into())
    }

    /// The head with what every answer of the dialect and of the script carries.
    fn dressed(&self, mut head: Head) -> Head {
        if let Some(content_type) = &self.behaviour.wire.content_type {
            head.headers.retain(|(name, _)| name != "content-type");
            head = head.with("content-type", content_type);
        }
        head = head.with(self.dialect.id_header(), "req_fault0001");
        for (name, value) in &self.behaviour.headers {
            head = head.with(name, value);
        }
        head
    }

    async fn stream(&self, peer: &mut Peer, call: &Call<'_>) -> Result<Next, Gone> {
        let wire = &self.behaviour.wire;
        let head = self.dressed(Head::new(200, "text/event-stream; charset=utf-8"));
        locked(&self.entry).first_byte_ms = Some(clock::now_ms());
        let mut body = Body::stream(peer, head, wire).await?;
        if wire.bom {
            body.write("\u{feff}".as_bytes()).await?;
        }
        let mut content = 0;
        let mut struck = false;
        for frame in &self.dialect.frames(call) {
            if frame.kind != Kind::Structure && !struck && self.due(content, frame.kind) {
                struck = true;
                if let Some(next) = self.strike(&mut body, call).await? {
                    return Ok(next);
                }
            }
            if self.leaves_out(frame) {
                continue;
            }
            content += usize::from(frame.kind == Kind::Content);
            self.frame(&mut body, frame, wire).await?;
        }
        Ok(body.finish().await?.into())
    }

    /// Whether the fault of a stream strikes before a frame, after so many with content.
    fn due(&self, content: usize, kind: Kind) -> bool {
        let ends = kind != Kind::Content;
        match &self.behaviour.fault {
            Some(
                Fault::Cut { after, .. }
                | Fault::Stall { after, .. }
                | Fault::ErrorFrame { after, .. }
                | Fault::MalformedFrame { after },
            ) => content >= *after || ends,
            Some(
                Fault::SlowFirstToken { .. } | Fault::GiantFrame { .. } | Fault::Endless { .. },
            ) => true,
            _ => false,
        }
    }

    fn leaves_out(&self, frame: &Frame) -> bool {
        match &self.behaviour.fault {
            Some(Fault::NoEnd) => frame.kind == Kind::Terminal,
            Some(Fault::ErrorFrame { bare: true, .. }) => frame.kind == Kind::Structure,
            _ => false,
        }
    }

    /// Does what is wrong; `None` goes on with the stream.
    async fn strike(&self, body: &mut Body<'_>, call: &Call<'_>) -> Result<Option<Next>, Gone> {
        let wire = &self.behaviour.wire;
        match &self.behaviour.fault {
            Some(Fault::Cut { reset, .. }) => {
                return Ok(Some(if *reset { Next::Reset } else { Next::Close }));
            }
            Some(Fault::Stall { ping_ms: Some(every), .. }) => loop {
                body.peer.wait(Duration::from_millis(*every)).await?;
                body.write(self.dialect.ping()).await?;
            },
            Some(Fault::Stall { ping_ms: None, .. }) => return Err(body.peer.until_gone().await),
            Some(Fault::ErrorFrame { error, .. }) => {
                self.frame(body, &self.dialect.error_frame(error), wire).await?;
                // Vendors end the connection in good order after an error.
                body.write(b"").await?;
                return Ok(Some(Next::Close));
            }
            Some(Fault::MalformedFrame { .. }) => {
                let frame = Frame {
                    kind: Kind::Content,
                    event: self.dialect.text_frame(call, "").event,
                    data: "{\"choices\": [{\"delta\"".to_owned(),
                };
                self.frame(body, &frame, wire).await?;
            }
            Some(Fault::SlowFirstToken { ms }) => {
                body.peer.wait(Duration::from_millis(*ms)).await?;
            }
            Some(Fault::GiantFrame { bytes }) => {
                let frame = self.dialect.text_frame(call, &"x".repeat(*bytes));
                self.frame(body, &frame, wire).await?;
            }
            Some(Fault::Endless { bytes, frames }) => {
                let frame = self.dialect.text_frame(call, &"x".repeat(*bytes));
                let mut left = *frames;
                while left != Some(0) {
                    self.frame(body, &frame, wire).await?;
                    left = left.map(|left| left - 1);
                }
            }
            _ => {}
        }
        Ok(None)
    }

    async fn frame(&self, body: &mut Body<'_>, frame: &Frame, wire: &Wire) -> Result<(), Gone> {
        if wire.delay_ms > 0 {
            body.peer.wait(Duration::from_millis(wire.delay_ms)).await?;
        }
        body.write(&frame.bytes(wire)).await?;
        let mut entry = locked(&self.entry);
        entry.frames_sent += 1;
        entry.bytes_sent = body.peer.sent;
        Ok(())
    }
}

/// The fault's name, for the journal.
pub(crate) fn name(fault: Option<&Fault>) -> Option<String> {
    let debug = format!("{:?}", fault?);
    Some(debug.split([' ', '{']).next().unwrap_or_default().to_owned())
}
