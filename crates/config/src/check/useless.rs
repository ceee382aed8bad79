//! Warnings of settings that change nothing, or not what their writer expects.
//!
//! Only what is surely in vain is told, at the place where it was written: a warning that may be
//! wrong is read once and never again.

use std::collections::HashMap;

use super::fallbacks::FallbacksGiven;
use crate::read::At;
use crate::report::Report;
use crate::types::{Deployment, Limits, Model, Strategy};

/// One entry of `deployments` and what was made of it.
pub(super) struct Listed<'a> {
    pub(super) at: At<'a>,
    /// How many deployments of the model stand before its own.
    pub(super) from: usize,
    /// How many are its own.
    pub(super) count: usize,
}

/// Settings of single entries that the others make pointless.
pub(super) fn entries(
    listed: &[Listed<'_>],
    all: &[Deployment],
    strategy: Strategy,
    report: &mut Report,
) {
    let mut tiers: HashMap<u32, usize> = HashMap::new();
    for deployment in all {
        *tiers.entry(deployment.priority).or_default() += 1;
    }
    for Listed { at, from, count } in listed {
        let Some(made) = all.get(*from).filter(|_| *count > 0) else { continue };
        if let Some(weight) = at.child("weight") {
            let alone = tiers.get(&made.priority) == Some(&1);
            if alone {
                let message = "a weight changes nothing where no other deployment has the priority";
                report.warn(weight.span(), &weight.path, message, "leave it out");
            } else if strategy == Strategy::FirstAvailable {
                let message = "`first_available` goes by the order of writing, not by weights";
                let hint = "leave it out, or choose another strategy";
                report.warn(weight.span(), &weight.path, message, hint);
            }
        }
    }
    let first = listed.iter().find_map(|entry| entry.at.child("priority"));
    if let (Some(priority), [made, ..]) = (first, all)
        && tiers.len() == 1
        && made.priority > 0
        && report.is_clean()
    {
        let message = "a priority changes nothing where every deployment has the same";
        report.warn(priority.span(), &priority.path, message, "leave it out");
    }
}

/// Vendor, address, key, model, and what else decides where Amazon's requests go.
type Place<'a> = (&'a str, &'a str, &'a str, &'a str, Option<String>);

/// The same vendor, address, key and model twice: failover would meet what it flees from.
pub(super) fn twins(listed: &[Listed<'_>], all: &[Deployment], report: &mut Report) {
    let mut known: HashMap<Place<'_>, &str> = HashMap::new();
    for Listed { at, from, count } in listed {
        for deployment in all.iter().skip(*from).take(*count) {
            let Some(base) = &deployment.base else { continue };
            let secret = deployment.credential.as_ref().map_or("", |it| it.secret.expose());
            let place = (
                deployment.provider.name.as_str(),
                base.as_str(),
                secret,
                &*deployment.upstream_model,
                // Region and keys of Amazon's are told apart without a look at what is secret.
                deployment.aws.as_ref().map(|aws| format!("{aws:?}")),
            );
            let Some(first) = known.insert(place, &deployment.id) else { continue };
            let message = format!("is the same place as `{first}`, down to the key");
            let hint = "failover between them helps nobody; raise the `weight` of one instead";
            report.warn(at.span(), &at.path, message, hint);
        }
    }
}

/// A bound per minute that the bound per second keeps by itself.
pub(super) fn limits(limits: &Limits, at: &At<'_>, report: &mut Report) {
    let (Some(rpm), Some(qps)) = (limits.rpm, limits.qps) else { return };
    let reachable = qps * 60.0 + qps.max(1.0);
    if rpm as f64 > reachable {
        let message = format!("rpm ({rpm}) is never reached: qps ({qps}) allows fewer in a minute");
        report.warn(at.span(), &at.path, message, "leave one of them out");
    }
}

/// Fallbacks for which no attempt is left.
pub(super) fn fallbacks(at: &At<'_>, given: &FallbacksGiven, model: &Model, report: &mut Report) {
    if given.is_empty() || model.retries.max_attempts > 1 {
        return;
    }
    let Some(said) = at.child("fallbacks") else { return };
    let message = "with one attempt in all, a failure is final and no fallback is tried";
    let hint = "raise `retries.max_attempts`; they serve only while nobody else may be tried";
    report.warn(said.span(), &said.path, message, hint);
}

/// Parameters to add where nothing is added.
pub(super) fn additions(at: &At<'_>, inject_params: bool, report: &mut Report) {
    if inject_params {
        return;
    }
    let set = at.child("params").and_then(|params| params.child("set"));
    for said in at.child("default_params").into_iter().chain(set) {
        let hint = "remove it, or set `inject_params: true`";
        report.warn(said.span(), &said.path, "is not added: `inject_params` is off", hint);
    }
}
