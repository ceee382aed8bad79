//! Credentials: out together, back by one probe.

use super::*;
use crate::testing::{epoch, secs};

fn credential() -> (CredentialBook, Arc<Credential>) {
    let book = CredentialBook::new();
    let credential = book.credential(&Arc::from("key-1"));
    (book, credential)
}

fn next_probe(credential: &Credential) -> Instant {
    match credential.state() {
        CredentialState::Disabled { next_probe, .. } => next_probe,
        CredentialState::Exhausted { until, .. } => until,
        CredentialState::Healthy => panic!("healthy"),
    }
}

#[test]
fn an_id_is_one_credential() {
    let (book, credential) = credential();
    assert!(Arc::ptr_eq(&credential, &book.credential(&Arc::from("key-1"))));
    assert_eq!(book.all().len(), 1);
    assert_eq!(&**credential.id(), "key-1");
}

#[test]
fn probes_come_after_1_5_15_and_then_every_60_minutes() {
    let ((_book, credential), mut now) = (credential(), epoch());
    credential.disable(CredentialFault::Refused, "auth", None, now);
    for minutes in [1, 5, 15, 60, 60] {
        assert_eq!(next_probe(&credential) - now, secs(minutes * 60));
        assert!(credential.admit(next_probe(&credential) - secs(1)).is_err());
        now = next_probe(&credential);
        let probe = credential.admit(now).unwrap().unwrap();
        probe.failed(CredentialFault::Refused, "auth", None, now);
    }
}

#[test]
fn one_probe_at_a_time_given_back_when_dropped_and_a_good_one_restores() {
    let ((_book, credential), now) = (credential(), epoch());
    credential.disable(CredentialFault::Refused, "auth", None, now);
    let due = now + secs(60);
    let probe = credential.admit(due).unwrap().unwrap();
    assert!(credential.check(due).is_err());
    assert!(credential.admit(due).is_err());
    drop(probe);
    assert!(credential.check(due).is_ok());
    let probe = credential.admit(due).unwrap().unwrap();
    assert_eq!(probe.credential().id(), credential.id());
    probe.succeeded(due);
    assert_eq!(credential.state(), CredentialState::Healthy);
    assert!(credential.admit(due).unwrap().is_none(), "free for all");
    assert_eq!(credential.restored_at(), Some(due));
}

#[test]
fn a_straggler_does_not_move_the_schedule() {
    let ((_book, credential), now) = (credential(), epoch());
    credential.disable(CredentialFault::Refused, "auth", None, now);
    credential.disable(CredentialFault::Spent, "billing", None, now + secs(30));
    assert_eq!(next_probe(&credential), now + secs(60));
    assert!(matches!(credential.state(), CredentialState::Disabled { .. }));
}

#[test]
fn a_probe_of_an_earlier_outage_decides_nothing() {
    let ((_book, credential), now) = (credential(), epoch());
    credential.disable(CredentialFault::Refused, "auth", None, now);
    let early = credential.admit(now + secs(60)).unwrap().unwrap();
    let later = credential.admit(now + secs(60));
    assert!(later.is_err());
    credential.reenable(now + secs(61));
    credential.disable(CredentialFault::Refused, "auth", None, now + secs(62));
    early.succeeded(now + secs(63));
    assert!(matches!(credential.state(), CredentialState::Disabled { .. }));
}

#[test]
fn spent_money_rests_as_long_as_the_vendor_says_up_to_a_day() {
    for (asked, expected) in [(None, 60), (Some(7200), 7200), (Some(10_000_000), 86_400)] {
        let ((_book, credential), now) = (credential(), epoch());
        credential.disable(CredentialFault::Spent, "billing", asked.map(secs), now);
        let CredentialState::Exhausted { reason, since, until } = credential.state() else {
            panic!("exhausted")
        };
        assert_eq!((&*reason, since, until - now), ("billing", now, secs(expected)));
        assert_eq!(credential.check(now), Err((CredentialFault::Spent, until)));
    }
}

#[test]
fn an_operator_puts_it_back_at_once() {
    let ((_book, credential), now) = (credential(), epoch());
    credential.disable(CredentialFault::Refused, "auth", None, now);
    credential.reenable(now + secs(1));
    assert!(credential.check(now + secs(1)).is_ok());
}

#[test]
fn a_shell_takes_the_probes_that_are_due() {
    let (book, now) = (CredentialBook::new(), epoch());
    for id in ["a", "b", "c"] {
        let credential = book.credential(&Arc::from(id));
        if id != "b" {
            credential.disable(CredentialFault::Refused, "auth", None, now);
        }
    }
    assert!(book.due_probes(now + secs(59)).is_empty());
    let probes = book.due_probes(now + secs(60));
    let ids: Vec<_> = probes.iter().map(|probe| &**probe.credential().id()).collect();
    assert_eq!(ids, ["a", "c"]);
    assert!(book.due_probes(now + secs(60)).is_empty(), "taken");
    drop(probes);
    assert_eq!(book.due_probes(now + secs(60)).len(), 2, "given back");
}

#[test]
fn what_nobody_uses_is_forgotten() {
    let book = CredentialBook::new();
    let kept = book.credential(&Arc::from("kept"));
    drop(book.credential(&Arc::from("gone")));
    book.forget_unused();
    let ids: Vec<_> = book.all().iter().map(|credential| Arc::clone(credential.id())).collect();
    assert_eq!(ids, [Arc::clone(kept.id())]);
}
