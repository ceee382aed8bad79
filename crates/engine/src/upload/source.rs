//! A form's bytes: taken from its client, scanned, and held as far as they may be.

use bytes::Bytes;
use std::collections::VecDeque;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;
use tokio::time::Sleep;
use tollgate_providers_common::multipart::{Edit, FormError, Found, Scanner};

use super::{FormBody, FormFault, FormHead, FormLimits, WINDOW};
use crate::clock;
use crate::memory::{Memory, Room};

/// The fields that decide a request's way.
const WANTED: &[&str] = &["model", "stream", "user"];

/// A form as far as it came.
pub(super) struct Source {
    body: FormBody,
    scanner: Scanner,
    limits: FormLimits,
    /// What its client announced.
    length: Option<u64>,
    received: u64,
    head: FormHead,
    /// Where the model's name stands.
    model_at: Option<Range<u64>>,
    has_file: bool,
    ended: bool,
    fault: Option<FormFault>,
    /// All that came, while it is held.
    held: VecDeque<Bytes>,
    /// The memory that what is held takes; gone where nothing more is held.
    room: Option<Room>,
    /// Whether something of it was sent that is not held.
    spent: bool,
    /// Which sending may read.
    turn: u64,
    /// Whoever reads and was told to wait.
    waker: Option<Waker>,
    /// Runs while the client is waited for.
    timer: Pin<Box<Sleep>>,
    waiting: bool,
    vendor_since: Option<Instant>,
}

impl Source {
    pub(super) fn new(
        (body, length): (FormBody, Option<u64>),
        boundary: Result<String, FormError>,
        limits: FormLimits,
        memory: &Memory,
    ) -> Self {
        let large = length.is_some_and(|length| length > limits.bytes);
        let (boundary, fault) = match boundary {
            Ok(_) if large => (String::new(), Some(FormFault::TooLarge { max: limits.bytes })),
            Ok(boundary) => (boundary, None),
            Err(error) => (String::new(), Some(FormFault::Form(error))),
        };
        Self {
            body,
            scanner: Scanner::new(&boundary, WANTED),
            limits,
            length,
            received: 0,
            head: FormHead::default(),
            model_at: None,
            has_file: false,
            ended: false,
            fault,
            held: VecDeque::new(),
            room: Some(memory.room()),
            spent: false,
            turn: 0,
            waker: None,
            timer: Box::pin(tokio::time::sleep_until(clock::now().into())),
            waiting: false,
            vendor_since: None,
        }
    }

    /// Whether the request's way is known, and further small fields are not to be expected.
    pub(super) fn is_routable(&self) -> bool {
        let beyond = self.received >= WINDOW as u64;
        self.ended || (self.model_at.is_some() && (self.has_file || beyond))
    }

    pub(super) fn head(&self) -> FormHead {
        self.head.clone()
    }

    pub(super) fn fault(&self) -> Option<FormFault> {
        self.fault.clone()
    }

    pub(super) fn is_whole(&self) -> bool {
        !self.spent
    }

    pub(super) fn vendor_since(&self) -> Option<Instant> {
        self.vendor_since
    }

    pub(super) fn turn(&self) -> u64 {
        self.turn
    }

    /// How long it is, where that is known by now.
    pub(super) fn length(&self) -> Option<u64> {
        if self.ended { Some(self.received) } else { self.length }
    }

    /// Nothing more needs to be held.
    pub(super) fn release(&mut self) {
        self.held.clear();
        self.room = None;
        self.spent = true;
    }

    /// What makes the form name `model`.
    pub(super) fn edit(&self, model: &str) -> Option<Edit> {
        let (at, with) = match (&self.model_at, self.scanner.first()) {
            (Some(_), _) if self.head.model.as_deref() == Some(model) => return None,
            (Some(at), _) => (at.clone(), model.as_bytes().to_vec()),
            (None, Some(first)) => (first..first, self.scanner.part("model", model)),
            (None, None) => return None,
        };
        Some(Edit { at, with: Bytes::from(with) })
    }

    /// Begins another sending: its turn, and what was held for it.
    pub(super) fn begin(&mut self) -> Option<(u64, VecDeque<Bytes>)> {
        if self.spent {
            return None;
        }
        self.revoke();
        self.vendor_since = Some(clock::now());
        let held = if self.room.is_some() {
            self.held.clone()
        } else {
            self.spent = true;
            std::mem::take(&mut self.held)
        };
        Some((self.turn, held))
    }

    /// Whatever sends it now may read no more.
    pub(super) fn revoke(&mut self) {
        self.turn += 1;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The vendor took something.
    pub(super) fn given(&mut self) {
        self.vendor_since = Some(clock::now());
    }

    /// The next bytes of the client; `None` at the form's end.
    pub(super) fn poll_more(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, FormFault>>> {
        if let Some(fault) = &self.fault {
            return Poll::Ready(Some(Err(fault.clone())));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        let taken = match self.body.as_mut().poll_next(cx) {
            Poll::Pending => return self.poll_late(cx),
            Poll::Ready(Some(Ok(chunk))) => self.take(chunk).map(Some),
            Poll::Ready(Some(Err(_))) => Err(FormFault::Broken),
            Poll::Ready(None) => self.end().map(|()| None),
        };
        self.waiting = false;
        self.given();
        Poll::Ready(
            taken
                .transpose()
                .map(|taken| taken.inspect_err(|fault| self.fault = Some(fault.clone()))),
        )
    }

    /// Reads to the end of what comes and keeps nothing.
    pub(super) fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.release();
        loop {
            match ready!(self.body.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) => {
                    self.received = self.received.saturating_add(chunk.len() as u64);
                    if self.received > self.limits.bytes.saturating_mul(2) {
                        return Poll::Ready(());
                    }
                }
                Some(Err(_)) | None => return Poll::Ready(()),
            }
        }
    }

    /// Nothing came; after a while that is a fault.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, FormFault>>> {
        if !std::mem::replace(&mut self.waiting, true) {
            self.timer.as_mut().reset((clock::now() + self.limits.idle).into());
        }
        self.vendor_since = None;
        self.waker = Some(cx.waker().clone());
        if self.timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        let fault = FormFault::TooSlow { time: self.limits.idle };
        self.fault = Some(fault.clone());
        Poll::Ready(Some(Err(fault)))
    }

    fn take(&mut self, chunk: Bytes) -> Result<Bytes, FormFault> {
        self.received = self.received.saturating_add(chunk.len() as u64);
        if self.received > self.limits.bytes {
            return Err(FormFault::TooLarge { max: self.limits.bytes });
        }
        let mut found = Vec::new();
        self.scanner.push(&chunk, &mut found)?;
        for found in found {
            self.note(found);
        }
        self.hold(chunk.clone())?;
        Ok(chunk)
    }

    fn note(&mut self, found: Found) {
        match found {
            Found::Field { name: "model", value, at } => {
                self.head.model = Some(value).filter(|model| !model.is_empty());
                self.model_at = Some(at);
            }
            Found::Field { name: "stream", value, .. } => {
                self.head.stream = value.eq_ignore_ascii_case("true") || value == "1";
            }
            Found::Field { name: "user", value, .. } => self.head.user = Some(value),
            Found::Field { .. } | Found::End => {}
            Found::File => self.has_file = true,
        }
    }

    /// Holds what came, if it may be. Before the first sending everything must be.
    fn hold(&mut self, chunk: Bytes) -> Result<(), FormFault> {
        let unsent = self.turn == 0;
        let Some(room) = &mut self.room else {
            if unsent {
                self.held.push_back(chunk);
            }
            return Ok(());
        };
        let fits = self.received <= self.limits.hold as u64;
        let late = || FormFault::ModelLate { held: self.limits.hold };
        let held =
            if fits { room.grow(chunk.len()).map_err(FormFault::NoRoom) } else { Err(late()) };
        match held {
            Ok(()) => self.held.push_back(chunk),
            Err(fault) if unsent && self.model_at.is_none() => return Err(fault),
            // The way is known, so that the first sending takes all of this at once.
            Err(_) if unsent => {
                self.held.push_back(chunk);
                self.room = None;
            }
            Err(_) => self.release(),
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), FormFault> {
        self.scanner.finish()?;
        self.ended = true;
        Ok(())
    }
}
