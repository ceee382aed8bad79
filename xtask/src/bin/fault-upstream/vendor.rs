//! The vendor: its connections, and the control endpoints that the test uses.
//!
//! `POST /__script` replaces the script, `GET /__journal` tells what came, `POST /__reset` forgets
//! both. Nothing else begins with `/__`, so no gateway meets them.

use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpStream;

use crate::body::{Body, Head};
use crate::clock;
use crate::dialect::{Call, Dialect};
use crate::journal::{Handle, Journal, Outcome, locked};
use crate::peer::{Gone, Peer};
use crate::request::Request;
use crate::script::{Behaviour, ErrorBody, Fault, Script, Wire};
use crate::serve::{self, Exchange, Next};

/// One deployment.
#[derive(Debug)]
pub(crate) struct Vendor {
    name: String,
    dialect: Dialect,
    script: Mutex<Script>,
    journal: Journal,
    /// Connections accepted, control included.
    connections: AtomicU64,
}

impl Vendor {
    /// A vendor that behaves well.
    pub(crate) fn new(name: String, dialect: Dialect) -> Self {
        Self {
            name,
            dialect,
            script: Mutex::default(),
            journal: Journal::default(),
            connections: AtomicU64::new(0),
        }
    }

    /// Serves one connection until either side ends it.
    pub(crate) async fn connection(&self, stream: TcpStream) {
        let number = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let Ok(mut peer) = Peer::new(stream) else { return };
        while let Ok(request) = Request::read(&mut peer).await {
            peer.begin();
            let next = if request.path.starts_with("/__") {
                self.control(&mut peer, &request).await
            } else {
                self.exchange(&mut peer, &request, number).await
            };
            match next {
                Ok(Next::Keep) => {}
                Ok(Next::Close) | Err(Gone) => return,
                Ok(Next::Reset) => return peer.reset(),
            }
        }
    }

    async fn exchange(
        &self,
        peer: &mut Peer,
        request: &Request,
        number: u64,
    ) -> Result<Next, Gone> {
        let behaviour = locked(&self.script).next();
        let entry = self.journal.record(number, request);
        locked(&entry).fault = serve::name(behaviour.fault.as_ref());
        let next = Box::pin(self.answer(peer, request, &behaviour, Handle::clone(&entry))).await;
        let mut entry = locked(&entry);
        entry.ended_ms = Some(clock::now_ms());
        entry.bytes_sent = peer.sent;
        entry.outcome = if next.is_ok() { Outcome::Complete } else { Outcome::ClientClosed };
        next
    }

    async fn answer(
        &self,
        peer: &mut Peer,
        request: &Request,
        behaviour: &Behaviour,
        entry: Handle,
    ) -> Result<Next, Gone> {
        let dialect = self.dialect;
        let nth_fails = matches!(&behaviour.fault, Some(Fault::EveryNth { n })
            if self.journal.count().is_multiple_of((*n).max(1)));
        let exchange = Exchange { dialect, behaviour, entry, nth_fails };
        let body = request.json().unwrap_or(Value::Null);
        let taken = dialect
            .operation(request)
            .and_then(|operation| dialect.check(request, operation, &body).map(|()| operation));
        match taken {
            Ok(operation) => {
                let answer = &behaviour.answer;
                let path = request.path.as_str();
                let call = Call { upstream: &self.name, operation, path, body: &body, answer };
                exchange.answer(peer, &call).await
            }
            Err((status, text)) => exchange.error(peer, status, &ErrorBody::Json, &text).await,
        }
    }

    async fn control(&self, peer: &mut Peer, request: &Request) -> Result<Next, Gone> {
        let (status, answer) = match request.path.as_str() {
            "/__script" => match serde_json::from_slice::<Script>(&request.body) {
                Ok(script) => {
                    *locked(&self.script) = script;
                    (200, json!({}))
                }
                Err(error) => (400, json!({"error": error.to_string()})),
            },
            "/__journal" => (
                200,
                json!({
                    "connections": self.connections.load(Ordering::Relaxed),
                    "requests": self.journal.entries(),
                }),
            ),
            "/__reset" => {
                *locked(&self.script) = Script::default();
                self.journal.clear();
                (200, json!({}))
            }
            _ => (404, json!({"error": "no such control endpoint"})),
        };
        let head = Head::new(status, "application/json");
        let bytes = answer.to_string();
        Ok(Body::whole(peer, head, &Wire::default(), bytes.as_bytes(), 0).await?.into())
    }
}
