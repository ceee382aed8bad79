//! Rules about where things stand: the top level, and what a reusable crate must bring.

use super::Finding;
use super::files::File;

/// Everything that may stand at the root, dotfiles aside.
const TOP_LEVEL: &[&str] = &[
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "clippy.toml",
    "config",
    "crates",
    "deny.toml",
    "deploy",
    "docs",
    "rustfmt.toml",
    "target",
    "xtask",
];

/// What a developer's own state may be absent: everything else of the top level must be there.
const OPTIONAL: &[&str] = &["target"];

/// Crates that others are meant to use; each explains itself.
const REUSABLE: &[&str] =
    &["balancer", "engine", "providers-common", "server", "telemetry", "transport"];

/// The root holds exactly what the architecture says.
pub(super) fn top_level(names: &[String]) -> Vec<Finding> {
    let strangers = names
        .iter()
        .filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()))
        .map(|name| Finding::file(name, "does not belong at the top level"));
    let missing = TOP_LEVEL
        .iter()
        .filter(|name| !OPTIONAL.contains(name) && !names.iter().any(|it| it == *name))
        .map(|name| Finding::file(name, "is missing"));
    strangers.chain(missing).collect()
}

/// Every crate meant for reuse has a README.
pub(super) fn readmes(files: &[File]) -> Vec<Finding> {
    REUSABLE
        .iter()
        .map(|name| format!("crates/{name}/README.md"))
        .filter(|path| !files.iter().any(|file| file.path == *path))
        .map(|path| Finding::file(&path, "is missing: the crate is meant for reuse"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(extra: &[&str]) -> Vec<String> {
        TOP_LEVEL.iter().chain(extra).map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_top_level_is_exact() {
        assert_eq!(top_level(&names(&[".github", ".env"])), []);
        let findings = top_level(&names(&["scripts"]));
        assert_eq!(findings, [Finding::file("scripts", "does not belong at the top level")]);
        let findings = top_level(&names(&[])[1..]);
        assert_eq!(findings, [Finding::file("CHANGELOG.md", "is missing")]);
    }

    #[test]
    fn a_reusable_crate_without_readme_is_found() {
        let file = |path: String| File { path, text: String::new() };
        let mut files: Vec<File> =
            REUSABLE.iter().map(|name| file(format!("crates/{name}/README.md"))).collect();
        assert_eq!(readmes(&files), []);
        files.remove(0);
        assert_eq!(readmes(&files).len(), 1);
    }
}
