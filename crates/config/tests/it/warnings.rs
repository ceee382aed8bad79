//! What works but is risky or in vain, and exactly what is said of it; and what is not worth a word.

use tollgate_config::parse;

use crate::support::{VENDORS, from_files, warnings};

/// The warnings of a text, without the file's name and the hints.
fn said(text: &str) -> Vec<String> {
    let config = parse(text, VENDORS).unwrap_or_else(|errors| panic!("{text}: {errors}"));
    let cut = |line: String| {
        let line = line.strip_prefix("configuration:").unwrap_or(&line).to_owned();
        line.rsplit_once(" (").map_or(line.clone(), |(line, _)| line.to_owned())
    };
    warnings(&config).into_iter().map(cut).collect()
}

#[test]
fn what_is_in_vain_is_told_where_it_stands() {
    let table = [
        (
            "models: { a: { deployments: [{ provider: mock, weight: 2 }] } }",
            "1:56: models.a.deployments[0].weight: a weight changes nothing where no other deployment has the priority",
        ),
        (
            "models: { a: { deployments: [{ provider: mock }, { provider: mock, weight: 2, priority: 1 }] } }",
            "1:76: models.a.deployments[1].weight: a weight changes nothing where no other deployment has the priority",
        ),
        (
            "models: { a: { strategy: first_available, deployments: [{ provider: mock, weight: 2 }, { provider: mock }] } }",
            "1:83: models.a.deployments[0].weight: `first_available` goes by the order of writing, not by weights",
        ),
        (
            "models: { a: { deployments: [{ provider: mock, priority: 3 }, { provider: mock, priority: 3 }] } }",
            "1:58: models.a.deployments[0].priority: a priority changes nothing where every deployment has the same",
        ),
        (
            "models: { a: { provider: mock, limits: { rpm: 600, qps: 2 } } }",
            "1:47: models.a.limits.rpm: rpm (600) is never reached: qps (2) allows fewer in a minute",
        ),
        (
            "models: { a: { provider: mock, fallbacks: [b], retries: 0 }, b: { provider: mock } }",
            "1:43: models.a.fallbacks: with one attempt in all, a failure is final and no fallback is tried",
        ),
        (
            "models: { a: { provider: mock, inject_params: false, default_params: { x: 1 } } }",
            "1:70: models.a.default_params: is not added: `inject_params` is off",
        ),
        (
            "defaults: { inject_params: false }\nmodels: { a: { deployments: [{ provider: mock, params: { set: { x: 1 } } }] } }",
            "2:63: models.a.deployments[0].params.set: is not added: `inject_params` is off",
        ),
        (
            "models: { a: { deployments: [{ provider: ollama, api_base: 'http://h/v1' }, { provider: ollama, api_base: 'http://h/v1' }] } }",
            "1:77: models.a.deployments[1]: is the same place as `a/ollama/1`, down to the key",
        ),
        (
            "providers: { mine: { dialect: openai, api_base: 'http://h' } }\nmodels: { a: { provider: mock } }",
            "1:20: providers.mine: no deployment names this provider",
        ),
        (
            "models: { a: { provider: mock, timeouts: { connect: 9s, total: 5s } } }",
            "1:53: models.a.timeouts.connect: connect (9s) is longer than total (5s)",
        ),
        (
            "server: { ops_listen: off }\ntelemetry: { prometheus: true }\nmodels: { a: { provider: mock } }",
            "2:26: telemetry.prometheus: metrics have nowhere to answer: `server.ops_listen` is off",
        ),
        (
            "models: { a: { provider: openai, api_key: '***openai-1' } }",
            "1:43: models.a.api_key: a masked key, as `check --print` shows it, is no key",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(said(text), [expected], "{text}");
    }
}

#[test]
fn what_has_an_effect_is_not_warned_of() {
    for text in [
        // Weights among two, priorities with a gap, keys of a single deployment.
        "models: { a: { deployments: [{ provider: mock, weight: 2 }, { provider: mock }] } }",
        "models: { a: { deployments: [{ provider: mock }, { provider: mock, priority: 10 }] } }",
        "models: { a: { deployments: [{ provider: mock, priority: 0 }] } }",
        "models: { a: { provider: mock, weight: 3 }, b: { provider: mock } }",
        // Bounds that each bite, and a burst that the second allows beyond sixty of its like.
        "models: { a: { provider: mock, limits: { rpm: 60, qps: 2 } } }",
        "models: { a: { provider: mock, limits: { rpm: 60, qps: 1 } } }",
        "models: { a: { provider: mock, fallbacks: [b], retries: 1 }, b: { provider: mock } }",
        "models: { a: { provider: mock, inject_params: false, params: { remove: [x] } } }",
        // The same address with another model is another place.
        "models: { a: { deployments: [{ provider: ollama, model: x, api_base: 'http://h/v1' }, \
         { provider: ollama, model: z, api_base: 'http://h/v1' }] } }",
        "server: { ops_listen: off }\nmodels: { a: { provider: mock } }",
    ] {
        assert_eq!(said(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_weight_for_two_keys_of_one_deployment_has_an_effect() {
    let text = "models: { a: { deployments: [{ provider: openai, weight: 2, api_keys: [\"${A}\", \
                \"${B}\"] }] } }";
    let config = from_files(&[("a.yaml", text)], &[("A", "k1"), ("B", "k2")]).unwrap();
    assert_eq!(warnings(&config), Vec::<String>::new());
}
