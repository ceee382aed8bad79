//! Looking after credentials that vendors refused: asked again now and then, without a request's
//! tokens, by the cheapest call that needs the credential.
//!
//! A list of models says whether a key is accepted; it says nothing of money, so spent credentials
//! are left to real requests, and so are vendors without such a list.

use bytes::Bytes;
use http::{Method, Request, Uri};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tollgate_balancer::{CredentialFault, CredentialProbe, CredentialState};
use tollgate_core_types::{Dialect, ErrorClass};
use tollgate_transport::Control;

use crate::clock;
use crate::deployment::Deployment;
use crate::generation::Generation;
use crate::tollgate::Inner;

/// How often it is looked whether a probe is due.
const TICK: Duration = Duration::from_secs(1);
/// How long a vendor may take to answer a probe.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a credential whose probe told nothing is left to real requests.
const LEAVE: Duration = Duration::from_secs(300);

/// What a probe told.
enum Verdict {
    Accepted,
    Refused,
    Nothing,
}

impl Inner {
    /// See [`crate::Tollgate::tend`].
    pub(crate) async fn tend(&self) {
        let mut left: HashMap<Arc<str>, Instant> = HashMap::new();
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            let now = clock::now();
            left.retain(|_, until| *until > now);
            for probe in self.lasting.credentials.due_probes(now) {
                self.probe(probe, &mut left).await;
            }
        }
    }

    async fn probe(&self, probe: CredentialProbe, left: &mut HashMap<Arc<str>, Instant>) {
        let id = Arc::clone(probe.credential().id());
        let refused = matches!(probe.credential().state(), CredentialState::Disabled { .. });
        if !refused || left.contains_key(&id) {
            return;
        }
        let generation = self.generation.load_full();
        let verdict = match deployment(&generation, &id) {
            Some(deployment) => ask(&deployment, &self.lasting.control).await,
            None => Verdict::Nothing,
        };
        let now = clock::now();
        match verdict {
            Verdict::Accepted => {
                tracing::info!(credential = %id, "the vendor accepts the credential again");
                probe.succeeded(now);
            }
            Verdict::Refused => {
                let label = ErrorClass::Auth.as_str();
                probe.failed(CredentialFault::Refused, label, None, now);
            }
            Verdict::Nothing => {
                left.insert(id, now + LEAVE);
            }
        }
    }
}

/// A deployment over the network that uses this credential.
fn deployment(generation: &Generation, credential: &str) -> Option<Arc<Deployment>> {
    let mut members = generation.router.groups().flat_map(|group| group.members());
    members
        .find(|member| &**member.credential().id() == credential && member.payload().networked)
        .map(|member| Arc::clone(member.payload()))
}

async fn ask(deployment: &Deployment, control: &Control) -> Verdict {
    let Some(mut request) = list_request(deployment) else { return Verdict::Nothing };
    if deployment.authorizer.authorize(&mut request).await.is_err() {
        return Verdict::Nothing;
    }
    match control.probe(request.uri().clone(), request.headers(), PATIENCE).await {
        Ok(200..=299) => Verdict::Accepted,
        Ok(401 | 403) => Verdict::Refused,
        Ok(_) | Err(_) => Verdict::Nothing,
    }
}

fn list_request(deployment: &Deployment) -> Option<Request<Bytes>> {
    let chat = deployment.provider.chat()?;
    if chat.dialect() == Dialect::BEDROCK_CONVERSE {
        // Its list of models is another host's, and other rights.
        return None;
    }
    let anthropic = chat.dialect() == Dialect::ANTHROPIC_MESSAGES;
    let path = if anthropic { "/v1/models" } else { "/models" };
    let uri: Uri = deployment.target.uri(path, None).ok()?;
    let mut request = Request::builder().method(Method::GET).uri(uri).body(Bytes::new()).ok()?;
    if anthropic {
        let version = http::HeaderValue::from_static("2023-06-01");
        request.headers_mut().insert("anthropic-version", version);
    }
    for (name, value) in &deployment.target.headers {
        request.headers_mut().insert(name.clone(), value.clone());
    }
    Some(request)
}
