//! The table of crates and arrows, as data. `docs/architecture.md` is the same table in words;
//! change both or neither.

/// A third-party crate, or one feature of it, that only some of our crates may use.
#[derive(Debug)]
pub(super) struct Owned {
    /// The crate.
    pub(super) dependency: &'static str,
    /// Beginning of a feature's name; empty means the whole crate.
    pub(super) feature: &'static str,
    /// Our packages that may use it.
    pub(super) owners: &'static [&'static str],
}

/// For each of our packages, the others of ours that it may use.
pub(super) const ARROWS: &[(&str, &[&str])] = &[
    ("tollgate-core-types", &[]),
    ("tollgate-providers-common", &["tollgate-core-types"]),
    ("tollgate-providers-openai", &["tollgate-core-types", "tollgate-providers-common"]),
    ("tollgate-providers-anthropic", &["tollgate-core-types", "tollgate-providers-common"]),
    (
        "tollgate-providers-gemini",
        &["tollgate-core-types", "tollgate-providers-anthropic", "tollgate-providers-common"],
    ),
    (
        "tollgate-providers-azure",
        &[
            "tollgate-core-types",
            "tollgate-providers-anthropic",
            "tollgate-providers-common",
            "tollgate-providers-openai",
        ],
    ),
    (
        "tollgate-providers-bedrock",
        &["tollgate-core-types", "tollgate-providers-anthropic", "tollgate-providers-common"],
    ),
    ("tollgate-providers-compatible", OPENAI_DIALECT),
    ("tollgate-providers-deepseek", OPENAI_DIALECT),
    ("tollgate-providers-qwen", OPENAI_DIALECT),
    ("tollgate-providers-siliconflow", OPENAI_DIALECT),
    ("tollgate-providers-mock", OPENAI_DIALECT),
    ("tollgate-balancer", &["tollgate-core-types"]),
    ("tollgate-transport", &["tollgate-core-types", "tollgate-providers-common"]),
    ("tollgate-telemetry", &["tollgate-core-types"]),
    ("tollgate-catalogue", &["tollgate-core-types"]),
    ("tollgate-config", &["tollgate-catalogue", "tollgate-core-types"]),
    (
        "tollgate",
        &[
            "tollgate-balancer",
            "tollgate-catalogue",
            "tollgate-config",
            "tollgate-core-types",
            "tollgate-providers-anthropic",
            "tollgate-providers-azure",
            "tollgate-providers-bedrock",
            "tollgate-providers-common",
            "tollgate-providers-compatible",
            "tollgate-providers-deepseek",
            "tollgate-providers-gemini",
            "tollgate-providers-mock",
            "tollgate-providers-openai",
            "tollgate-providers-qwen",
            "tollgate-providers-siliconflow",
            "tollgate-telemetry",
            "tollgate-transport",
        ],
    ),
    (
        "tollgate-server",
        &["tollgate", "tollgate-core-types", "tollgate-providers-common", "tollgate-telemetry"],
    ),
    ("tollgate-gateway", &["tollgate", "tollgate-config", "tollgate-server", "tollgate-telemetry"]),
    ("xtask", &["tollgate-catalogue", "tollgate-config"]),
    (
        "tollgate-proofs",
        &[
            "tollgate-config",
            "tollgate-core-types",
            "tollgate-providers-anthropic",
            "tollgate-providers-bedrock",
            "tollgate-providers-common",
            "tollgate-providers-deepseek",
            "tollgate-providers-gemini",
            "tollgate-providers-openai",
            "tollgate-providers-qwen",
        ],
    ),
];

/// Vendors that speak the OpenAI dialect with differences of their own.
const OPENAI_DIALECT: &[&str] =
    &["tollgate-core-types", "tollgate-providers-common", "tollgate-providers-openai"];

/// Third-party crates with an owner. `xtask` builds the yardsticks of its benchmark from them.
pub(super) const OWNED: &[Owned] = &[
    Owned {
        dependency: "reqwest",
        feature: "",
        owners: &["tollgate-telemetry", "tollgate-transport", "xtask"],
    },
    Owned { dependency: "hyper-rustls", feature: "", owners: &["tollgate-transport"] },
    Owned {
        dependency: "rustls",
        feature: "",
        owners: &["tollgate-telemetry", "tollgate-transport", "xtask"],
    },
    Owned { dependency: "hyper-util", feature: "client", owners: &["tollgate-transport", "xtask"] },
    Owned { dependency: "axum", feature: "", owners: &["tollgate-server", "xtask"] },
    // Types that are described are the surface's; a vendor's are read by hand.
    Owned { dependency: "schemars", feature: "", owners: &["tollgate-server"] },
    Owned { dependency: "sqlx", feature: "", owners: &[] },
    Owned { dependency: "redis", feature: "", owners: &[] },
];

/// Crates that must not be in a package's tree, whoever brings them.
pub(super) const TREES: &[(&str, &[&str])] = &[
    (
        "tollgate-core-types",
        &["tokio", "http", "hyper", "serde_core", "serde", "serde_json", "reqwest"],
    ),
    (
        "tollgate-balancer",
        &["http", "hyper", "axum", "serde", "serde_json", "reqwest", "sqlx", "redis"],
    ),
    (
        "tollgate-catalogue",
        &["tokio", "http", "hyper", "serde_core", "serde", "serde_json", "reqwest"],
    ),
    ("tollgate-providers-common", &["tokio", "hyper", "axum", "reqwest"]),
    ("tollgate-providers-openai", &["tokio", "hyper", "axum", "reqwest"]),
    ("tollgate-providers-anthropic", &["tokio", "hyper", "axum", "reqwest"]),
    ("tollgate-providers-gemini", &["tokio", "hyper", "axum", "reqwest"]),
    ("tollgate-providers-azure", &["tokio", "hyper", "axum", "reqwest"]),
    ("tollgate-providers-bedrock", &["tokio", "hyper", "axum", "reqwest"]),
    ("tollgate-providers-deepseek", &["tokio", "hyper", "axum", "reqwest"]),
    ("tollgate-providers-qwen", &["tokio", "hyper", "axum", "reqwest"]),
    ("tollgate-providers-siliconflow", &["tokio", "hyper", "axum", "reqwest"]),
    ("tollgate-config", &["tokio", "hyper", "axum", "reqwest"]),
    ("tollgate-transport", &["axum"]),
    ("tollgate", &["axum", "clap"]),
];
