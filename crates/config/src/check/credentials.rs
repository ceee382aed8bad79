//! Names for keys: given, or by position, never made from the secret.
//!
//! One secret has one name over the whole configuration, so that a revoked key is recognised in
//! every model that uses it.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::Said;
use super::keys::KeyGiven;
use crate::report::Report;
use crate::secret::Secret;
use crate::types::{Credential, Model};

/// Every secret of the configuration, by provider.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    known: Vec<Known>,
    // By hash and not by text, so that no further copy of a secret is made.
    index: HashMap<u64, Vec<usize>>,
    hasher: RandomState,
    given: HashMap<String, usize>,
}

#[derive(Debug)]
struct Known {
    provider: String,
    secret: Secret,
    id: Option<String>,
}

impl Credentials {
    /// Notes a key; its credential has no name until [`Self::name`].
    pub(super) fn note(
        &mut self,
        provider: &str,
        key: &KeyGiven,
        report: &mut Report,
    ) -> Credential {
        let at = self.find(provider, &key.secret).unwrap_or_else(|| self.add(provider, key));
        if let Some(id) = &key.id {
            self.give(at, id, &key.said, report);
        }
        Credential { id: String::new(), secret: key.secret.clone() }
    }

    /// Gives every credential its name.
    pub(super) fn name(mut self, models: &mut [Model]) {
        self.derive();
        let deployments = models.iter_mut().flat_map(|model| &mut model.deployments);
        for deployment in deployments {
            let Some(credential) = &mut deployment.credential else { continue };
            let known = self
                .find(&deployment.provider.name, &credential.secret)
                .and_then(|at| self.known.get(at));
            if let Some(id) = known.and_then(|known| known.id.as_ref()) {
                credential.id.clone_from(id);
            }
        }
    }

    fn derive(&mut self) {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for known in &mut self.known {
            let count = counts.entry(known.provider.clone()).or_default();
            *count += 1;
            if known.id.is_some() {
                continue;
            }
            let mut id = format!("{}-{count}", known.provider);
            while self.given.contains_key(&id) {
                *count += 1;
                id = format!("{}-{count}", known.provider);
            }
            known.id = Some(id);
        }
    }

    fn hash(&self, provider: &str, secret: &Secret) -> u64 {
        self.hasher.hash_one((provider, secret.expose()))
    }

    fn find(&self, provider: &str, secret: &Secret) -> Option<usize> {
        let candidates = self.index.get(&self.hash(provider, secret))?;
        candidates.iter().copied().find(|at| {
            self.known
                .get(*at)
                .is_some_and(|known| known.provider == provider && known.secret == *secret)
        })
    }

    fn add(&mut self, provider: &str, key: &KeyGiven) -> usize {
        let at = self.known.len();
        let hash = self.hash(provider, &key.secret);
        self.index.entry(hash).or_default().push(at);
        let (provider, secret) = (provider.to_owned(), key.secret.clone());
        self.known.push(Known { provider, secret, id: None });
        at
    }

    fn give(&mut self, at: usize, id: &str, said: &Said, report: &mut Report) {
        let other = self.given.get(id).copied().filter(|other| *other != at);
        if other.is_some() {
            let message = format!("the key id `{id}` names two different keys");
            report.problem_hint(said.span, &said.path, message, "give each key its own id");
            return;
        }
        let Some(known) = self.known.get_mut(at) else { return };
        match &known.id {
            None => {
                known.id = Some(id.to_owned());
                self.given.insert(id.to_owned(), at);
            }
            Some(first) if first != id => {
                let message = format!("the same key is called `{first}` elsewhere");
                report.warn(said.span, &said.path, message, "the first name is used");
            }
            Some(_) => {}
        }
    }
}
