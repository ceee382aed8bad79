//! Random graphs of fallbacks: every walk ends, and within its bounds.

use proptest::prelude::{TestCaseError, any, prop_assert, proptest};
use tollgate_core_types::Chance;
use tollgate_core_types::chance::SplitMix64;

use super::*;
use crate::testing::millis;

const IDS: [&str; 16] = [
    "m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10", "m11", "m12", "m13", "m14",
    "m15",
];

/// Groups `g0..g8` that fall back only to later ones, so that there is no cycle.
fn graph(chance: &mut SplitMix64) -> Vec<GroupSpec<&'static str>> {
    let groups = (0..8).map(|index| {
        let size = 1 + chance.below(3);
        let start = chance.below(IDS.len() - size);
        let mut spec = group(&format!("g{index}"), &IDS[start..start + size]);
        let mut list = || {
            let later = (index + 1..8).filter(|_| chance.below(3) == 0);
            later.map(|to| Arc::from(format!("g{to}"))).collect::<Vec<Arc<str>>>()
        };
        spec.fallbacks.any = list();
        spec.fallbacks.context_window = list();
        spec.fallbacks.content_policy = list();
        spec
    });
    groups.collect()
}

/// What an attempt meets: mostly some error, sometimes with a pause.
fn outcome(seed: u64, number: u32) -> Option<UpstreamError> {
    let mut chance = SplitMix64::new(seed ^ u64::from(number));
    let (fails, pauses) = (chance.below(8) > 0, chance.below(2) == 0);
    let class = ErrorClass::ALL[chance.below(ErrorClass::ALL.len())];
    let pause = pauses.then(|| secs(chance.next_u64() % 8));
    fails.then(|| error(class).with_retry_after(pause))
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Each group is visited once, and a member is tried again only while it has no equal.
fn check_way(tried: &[(String, String)]) -> Result<(), TestCaseError> {
    let mut visits: Vec<&str> = tried.iter().map(|(group, _)| &**group).collect();
    visits.dedup();
    let groups = distinct(visits.iter().copied());
    prop_assert!(visits.len() == groups.len(), "a group twice: {:?}", tried);
    for group in groups {
        let here = tried.iter().filter(|(of, _)| of == group);
        let members: Vec<&str> = here.map(|(_, member)| &**member).collect();
        let known = distinct(members.iter().copied()).len();
        // The first may come again and again until another one is admissible; then none does.
        let again = members.iter().skip(1).take_while(|member| **member == members[0]).count();
        prop_assert!(members.len() == again + known, "{:?}", tried);
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_walk_ends_within_its_bounds(seed in any::<u64>(), cap in 1_u32..12, left in 0_u64..20) {
        paused().block_on(async {
            let router = router(graph(&mut SplitMix64::new(seed)));
            for request in 0..20 {
                let deadline = clock::now() + secs(left);
                let seed = seed ^ (request << 32);
                let call = Call { deadline, max_attempts: Some(cap), seed, ..call("g0") };
                let tried = RefCell::new(Vec::<(String, String)>::new());
                let (answer, _) = scripted(&router, call, |attempt| {
                    let info = attempt.info();
                    tried.borrow_mut().push((info.group.to_string(), info.member.to_string()));
                    outcome(seed, attempt.number())
                })
                .await;
                let tried = tried.into_inner();
                prop_assert!(tried.len() <= cap as usize, "{:?}", tried);
                // A timer tick more at most.
                prop_assert!(clock::now() <= deadline + millis(1));
                check_way(&tried)?;
                if let Err(spent) = answer {
                    prop_assert!(spent.attempts as usize == tried.len());
                    prop_assert!(spent.history.len() == tried.len());
                    prop_assert!(spent.error.is_some() != tried.is_empty());
                }
            }
            Ok(())
        })?;
    }
}
