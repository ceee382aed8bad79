//! `breaker` and `queue`, with where each value came from.

use super::Item;
use super::origin::{Origins, Ways};
use crate::duration::say_duration;
use crate::tree::Node;
use crate::types::{Breaker, Queue};

/// A breaker; where `below` is given, what differs from it or is said at `own`.
pub(super) fn breaker(
    breaker: &Breaker,
    below: Option<&Breaker>,
    own: Option<&Node>,
    origins: &Origins<'_>,
) -> Option<Item> {
    let Breaker { failures, open, max_open, panic } = breaker;
    let find = |ways: Ways<'_>| own.and_then(|own| origins.within(own, ways));
    let mut items = Vec::new();
    let said = find(&[&["breaker", "failures"]]);
    if said.is_some() || below.is_none_or(|below| below.failures != *failures) {
        items.push(Item::plain("failures", failures, origins.say(said)));
    }
    let said = find(&[&["breaker", "open"]]);
    if said.is_some() || below.is_none_or(|below| below.open != *open) {
        items.push(Item::text("open", say_duration(*open), origins.say(said)));
    }
    let said = find(&[&["breaker", "max_open"]]);
    if said.is_some() || below.is_none_or(|below| below.max_open != *max_open) {
        items.push(Item::text("max_open", say_duration(*max_open), origins.say(said)));
    }
    let said = find(&[&["breaker", "panic"]]);
    if said.is_some() || below.is_none_or(|below| below.panic != *panic) {
        items.push(Item::text("panic", panic.as_str(), origins.say(said)));
    }
    (!items.is_empty()).then(|| Item::map("breaker", items))
}

/// A queue, in the same way.
pub(super) fn queue(
    queue: &Queue,
    below: Option<&Queue>,
    own: Option<&Node>,
    origins: &Origins<'_>,
) -> Option<Item> {
    let Queue { max, timeout } = queue;
    let find = |ways: Ways<'_>| own.and_then(|own| origins.within(own, ways));
    let mut items = Vec::new();
    let said = find(&[&["queue", "max"]]);
    if said.is_some() || below.is_none_or(|below| below.max != *max) {
        items.push(Item::plain("max", max, origins.say(said)));
    }
    let said = find(&[&["queue", "timeout"]]);
    if said.is_some() || below.is_none_or(|below| below.timeout != *timeout) {
        items.push(Item::text("timeout", say_duration(*timeout), origins.say(said)));
    }
    (!items.is_empty()).then(|| Item::map("queue", items))
}
