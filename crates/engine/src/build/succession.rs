//! What a new generation takes over from the one before: the health of what stayed the same.
//!
//! Ids stay where a key is rotated or an address mended, and what was known of the old must not be
//! held against the new: a refused key would be out for an hour after it was replaced.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tollgate_balancer::{CredentialBook, GroupSpec, Router, RouterError};

use crate::deployment::Deployment;

/// A router of `groups` in the place of `before`. Deployments that are what they were keep their
/// breakers, pauses, counts and requests under way; all others start anew, with their credentials
/// where these are other ones under an old id.
///
/// # Errors
/// As [`Router::new`].
pub(super) fn succeed(
    before: &Router<Arc<Deployment>>,
    groups: Vec<GroupSpec<Arc<Deployment>>>,
    credentials: &CredentialBook,
) -> Result<Router<Arc<Deployment>>, RouterError> {
    let mut old: HashMap<&str, &Deployment> = HashMap::new();
    let mut keys: HashMap<&str, Vec<&Deployment>> = HashMap::new();
    for member in before.groups().flat_map(|group| group.members()) {
        let deployment: &Deployment = member.payload();
        if old.insert(&deployment.id, deployment).is_none() {
            keys.entry(member.credential().id()).or_default().push(deployment);
        }
    }
    let mut same: HashSet<Arc<str>> = HashSet::new();
    let mut renewed: HashMap<Arc<str>, bool> = HashMap::new();
    for member in groups.iter().flat_map(|group| &group.members) {
        let deployment = &member.payload;
        if old.get(&*deployment.id).is_some_and(|before| deployment.is_still(before)) {
            same.insert(Arc::clone(&deployment.id));
        }
        let owners = keys.get(&*member.credential).map(Vec::as_slice).unwrap_or_default();
        // Shown in the same way to the same vendor by anybody before: the same credential.
        let known = owners.is_empty() || owners.iter().any(|owner| same_key(owner, deployment));
        *renewed.entry(Arc::clone(&member.credential)).or_default() |= !known;
    }
    renewed.retain(|_, renewed| *renewed);
    for id in renewed.keys() {
        credentials.renew(id);
    }
    // A state holds its credential, so a member whose credential is another one starts anew.
    for member in groups.iter().flat_map(|group| &group.members) {
        if renewed.contains_key(&member.credential) {
            same.remove(&member.id);
        }
    }
    before.succeed_where(groups, credentials, |id| same.contains(id))
}

fn same_key(one: &Deployment, other: &Deployment) -> bool {
    one.vendor == other.vendor
        && one.secrets == other.secrets
        && one.auth == other.auth
        && one.target.base == other.target.base
}
