//! What may fall back to what: exactly what the balancer's router can be built of.

use proptest::prelude::*;
use tollgate_config::parse;

use crate::support::VENDORS;

/// Edges of seven models, by the reason that they are given for.
type Graph = Vec<[Vec<usize>; 3]>;

/// Whether models fall back to each other in a circle, over whatever reasons, by taking away those
/// that fall back to nothing that is left.
fn has_circle(graph: &Graph) -> bool {
    let mut left: Vec<usize> = (0..graph.len()).collect();
    loop {
        let before = left.clone();
        left.retain(|node| graph[*node].iter().flatten().any(|next| before.contains(next)));
        if left.len() == before.len() {
            return !left.is_empty();
        }
    }
}

fn written(graph: &Graph) -> String {
    let list = |list: &Vec<usize>| {
        let names: Vec<String> = list.iter().map(|to| format!("m{to}")).collect();
        format!("[{}]", names.join(", "))
    };
    let model = |(index, [any, window, policy]): (usize, &[Vec<usize>; 3])| {
        let (any, window, policy) = (list(any), list(window), list(policy));
        format!(
            "  m{index}: {{ provider: mock, fallbacks: {{ any: {any}, context_window: {window}, \
             content_policy: {policy} }} }}\n"
        )
    };
    format!("models:\n{}", graph.iter().enumerate().map(model).collect::<String>())
}

proptest! {
    #[test]
    fn exactly_the_fallbacks_without_a_circle_are_accepted(
        edges in proptest::collection::vec((0_usize..7, 0_usize..7, 0_usize..3), 0..9),
    ) {
        let mut graph: Graph = vec![Default::default(); 7];
        for (from, to, reason) in edges {
            let list = &mut graph[from][reason];
            if from != to && !list.contains(&to) {
                list.push(to);
            }
        }
        let text = written(&graph);
        match parse(&text, VENDORS) {
            Ok(_) => prop_assert!(!has_circle(&graph), "{}", text),
            Err(errors) => {
                prop_assert!(has_circle(&graph), "{}: {}", text, errors);
                for problem in &errors.0 {
                    prop_assert!(problem.to_string().contains("go in a circle"), "{}", problem);
                }
            }
        }
    }
}
