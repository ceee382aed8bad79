//! A forbidden arrow fails, and only a forbidden one.

use super::*;

/// A dependency's name, kind and features.
type Drawn<'a> = (&'a str, Option<&'a str>, &'a [&'a str]);

fn metadata(packages: &[(&str, &[Drawn<'_>])]) -> Metadata {
    Metadata {
        workspace_members: packages.iter().map(|(name, _)| (*name).to_owned()).collect(),
        packages: packages
            .iter()
            .map(|(name, dependencies)| Package {
                name: (*name).to_owned(),
                id: (*name).to_owned(),
                dependencies: dependencies
                    .iter()
                    .map(|(name, kind, features)| Dependency {
                        name: (*name).to_owned(),
                        kind: kind.map(str::to_owned),
                        features: features.iter().map(|it| (*it).to_owned()).collect(),
                    })
                    .collect(),
            })
            .collect(),
    }
}

#[test]
fn arrows_of_the_table_pass() {
    let metadata = metadata(&[
        ("tollgate-core-types", &[("thiserror", None, &[])]),
        ("tollgate-balancer", &[("tollgate-core-types", None, &[])]),
        (
            "tollgate-transport",
            &[("reqwest", None, &[]), ("hyper-util", None, &["client-legacy", "http1"])],
        ),
        ("tollgate-server", &[("axum", None, &[]), ("hyper-util", None, &["server"])]),
    ]);
    assert_eq!(direct(&metadata), Vec::<String>::new());
}

#[test]
fn a_forbidden_arrow_fails() {
    for kind in [None, Some("build")] {
        let metadata = metadata(&[
            ("tollgate-core-types", &[("tollgate-balancer", kind, &[])]),
            ("tollgate-balancer", &[]),
        ]);
        let findings = direct(&metadata);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].contains("tollgate-core-types -> tollgate-balancer"));
    }
}

#[test]
fn a_dev_dependency_is_no_arrow() {
    let metadata = metadata(&[
        (
            "tollgate-core-types",
            &[("tollgate-balancer", Some("dev"), &[]), ("axum", Some("dev"), &[])],
        ),
        ("tollgate-balancer", &[]),
    ]);
    assert_eq!(direct(&metadata), Vec::<String>::new());
}

#[test]
fn a_crate_without_a_row_fails() {
    let findings = direct(&metadata(&[("tollgate-surprise", &[])]));
    assert_eq!(findings, ["tollgate-surprise: no row in the table of crates"]);
}

#[test]
fn third_party_crates_stay_with_their_owners() {
    for (dependency, features) in [
        ("reqwest", &[][..]),
        ("rustls", &[]),
        ("hyper-rustls", &[]),
        ("axum", &[]),
        ("sqlx", &[]),
        ("redis", &[]),
        ("hyper-util", &["client-legacy"]),
    ] {
        let findings = direct(&metadata(&[("tollgate-gateway", &[(dependency, None, features)])]));
        assert_eq!(findings.len(), 1, "{dependency}: {findings:?}");
    }
    let findings = direct(&metadata(&[("tollgate-server", &[("hyper-util", None, &["server"])])]));
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn a_forbidden_crate_deep_in_a_tree_fails() {
    let built: Vec<String> = ["tollgate", "tonic", "axum"].map(str::to_owned).into();
    assert_eq!(in_tree("tollgate", &["axum", "clap"], &built).len(), 1);
    assert_eq!(in_tree("tollgate", &["clap"], &built), Vec::<String>::new());
}

#[test]
fn the_table_names_its_own_rows_only() {
    let rows: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(rows.len(), ARROWS.len(), "a crate has one row");
    for (name, allowed) in ARROWS {
        for target in *allowed {
            assert!(rows.contains(target), "{name} -> {target}: no such row");
            assert_ne!(name, target);
        }
    }
    for (name, _) in TREES {
        assert!(rows.contains(name), "{name}: no such row");
    }
}
