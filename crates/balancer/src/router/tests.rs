//! What a router refuses to be built of, and what outlives it.

use std::num::NonZeroU32;

use proptest::prelude::*;

use super::*;
use crate::CredentialFault;
use crate::limits::Limits;
use crate::testing::{asked, epoch, group, member, router};

type Spec = GroupSpec<&'static str>;

fn names(list: &[&str]) -> Vec<Arc<str>> {
    list.iter().map(|name| Arc::from(*name)).collect()
}

fn with_any(name: &str, fallbacks: &[&str]) -> Spec {
    let mut spec = group(name, &["m"]);
    spec.fallbacks.any = names(fallbacks);
    spec
}

fn fault(groups: Vec<Spec>) -> String {
    match Router::new(groups, &CredentialBook::new()) {
        Ok(_) => "none".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn groups_are_found_by_name_and_listed_in_order() {
    let router = router(vec![group("b", &["x"]), group("a", &["y", "z"])]);
    assert_eq!(router.group("a").unwrap().members().len(), 2);
    assert!(router.group("c").is_none());
    assert_eq!(router.groups().map(|group| &**group.name()).collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn every_fault_is_named() {
    assert_eq!(fault(vec![group("g", &[])]), "group \"g\" has no members");
    assert_eq!(fault(vec![group("g", &["a"]), group("g", &["b"])]), "group \"g\" is defined twice");
    assert_eq!(
        fault(vec![group("g", &["a", "a"])]),
        "group \"g\" has two members with the id \"a\""
    );
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut spec = group("g", &["a"]);
        spec.members[0].weight = weight;
        let text = fault(vec![spec]);
        assert!(text.contains("member \"a\": weight") && text.contains("above 0"), "{text}");
    }
    assert_eq!(
        fault(vec![with_any("gpt-4o", &["gpt-40-mini"]), group("gpt-4o-mini", &["b"])]),
        "group \"gpt-4o\" falls back to \"gpt-40-mini\", which does not exist; \
         did you mean \"gpt-4o-mini\"?"
    );
    assert_eq!(
        fault(vec![with_any("g", &["elsewhere"])]),
        "group \"g\" falls back to \"elsewhere\", which does not exist"
    );
}

#[test]
fn a_cycle_is_named_from_end_to_end() {
    assert_eq!(fault(vec![with_any("a", &["a"])]), "groups fall back in a cycle: a -> a");
    let mut c = group("c", &["m"]);
    c.fallbacks.content_policy = names(&["a"]);
    let mut b = group("b", &["m"]);
    b.fallbacks.context_window = names(&["d", "c"]);
    let groups = vec![group("d", &["m"]), with_any("x", &["a"]), with_any("a", &["b"]), b, c];
    let text = fault(groups);
    assert!(
        ["a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"]
            .iter()
            .any(|cycle| text == format!("groups fall back in a cycle: {cycle}")),
        "{text}"
    );
}

#[test]
fn two_ways_to_one_group_are_no_cycle() {
    let groups = vec![
        with_any("a", &["b", "c"]),
        with_any("b", &["d"]),
        with_any("c", &["d", "b"]),
        group("d", &["m"]),
    ];
    assert_eq!(fault(groups), "none");
}

#[test]
fn one_id_is_one_state_in_every_group() {
    let router = router(vec![group("a", &["m"]), group("b", &["m", "n"])]);
    let member = |name: &str| Arc::clone(&router.group(name).unwrap().members()[0]);
    member("a").core().admit(asked(epoch(), false)).unwrap();
    assert_eq!(member("b").status(epoch()).in_use.in_flight, 1);
    assert_eq!(router.group("b").unwrap().members()[1].status(epoch()).in_use.in_flight, 0);
}

#[test]
fn one_id_for_two_different_members_is_a_fault() {
    let limited = Limits { rpm: NonZeroU32::new(1), ..Limits::default() };
    let mut other = group("b", &["m"]);
    other.members[0] = MemberSpec { limits: limited, ..member("m") };
    let text = fault(vec![group("a", &["m"]), other]);
    assert!(text.starts_with("member \"m\" stands in group \"b\" and in another one"), "{text}");
    let mut other = group("b", &["m"]);
    other.members[0] = MemberSpec { credential: Arc::from("k2"), ..member("m") };
    assert_ne!(fault(vec![group("a", &["m"]), other]), "none");
}

#[test]
fn a_successor_keeps_what_stayed_the_same() {
    let (book, now) = (CredentialBook::new(), epoch());
    let before = Router::new(vec![group("g", &["a", "b", "c"])], &book).unwrap();
    for member in before.group("g").unwrap().members() {
        member.core().admit(asked(now, false)).unwrap();
    }
    let mut spec = group("renamed", &["a", "b", "d"]);
    spec.members[0].weight = 7.0;
    spec.members[1].limits.concurrency = Some(9);
    let after = before.succeed(vec![spec], &book).unwrap();
    let busy: Vec<_> = after
        .group("renamed")
        .unwrap()
        .members()
        .iter()
        .map(|member| (*member.payload(), member.status(now).in_use.in_flight))
        .collect();
    assert_eq!(busy, [("a", 1), ("b", 0), ("d", 0)]);
    assert_eq!(after.group("renamed").unwrap().members()[0].weight(), 7.0);
}

/// Whether a graph has a cycle, by trying to take away groups that fall back to nothing.
fn has_cycle(edges: &[Vec<usize>]) -> bool {
    let mut left: Vec<usize> = (0..edges.len()).collect();
    loop {
        let before = left.len();
        let still = left.clone();
        left.retain(|node| edges[*node].iter().any(|next| still.contains(next)));
        if left.len() == before {
            return before > 0;
        }
    }
}

proptest! {
    #[test]
    fn exactly_the_graphs_with_a_cycle_are_rejected(
        edges in proptest::collection::vec(proptest::collection::vec(0_usize..7, 0..3), 7),
    ) {
        let specs = edges.iter().enumerate().map(|(index, next)| {
            let next: Vec<String> = next.iter().map(|next| format!("g{next}")).collect();
            with_any(&format!("g{index}"), &next.iter().map(String::as_str).collect::<Vec<_>>())
        });
        let built = Router::new(specs.collect(), &CredentialBook::new());
        prop_assert_eq!(built.is_err(), has_cycle(&edges));
        if let Err(RouterError::Cycle(names)) = built {
            prop_assert_eq!(names.first(), names.last());
            for pair in names.windows(2) {
                let [from, to] = [&pair[0], &pair[1]].map(|name| name[1..].parse::<usize>().unwrap());
                prop_assert!(edges[from].contains(&to), "{} -> {}", from, to);
            }
        }
    }
}

#[test]
fn what_the_caller_knows_to_have_changed_starts_anew() {
    let (book, now) = (CredentialBook::new(), epoch());
    let before = Router::new(vec![group("g", &["a", "b"])], &book).unwrap();
    for member in before.group("g").unwrap().members() {
        member.core().admit(asked(now, false)).unwrap();
        member.credential().disable(CredentialFault::Refused, "auth", None, now);
    }
    book.renew(&Arc::from("b"));
    let after = before.succeed_where(vec![group("g", &["a", "b"])], &book, |id| id != "b").unwrap();
    let members = after.group("g").unwrap().members();
    let busy: Vec<_> = members.iter().map(|member| member.status(now).in_use.in_flight).collect();
    assert_eq!(busy, [1, 0]);
    assert!(members[0].credential().check(now).is_err(), "the same key is still refused");
    assert!(members[1].credential().check(now).is_ok(), "another key has its chance");
    let straggler = before.group("g").unwrap().members()[1].credential();
    straggler.disable(CredentialFault::Refused, "auth", None, now);
    assert!(members[1].credential().check(now).is_ok(), "what the old key meets is not its fault");
}
