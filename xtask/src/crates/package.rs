//! What a package must hold and say before a registry takes it.

use anyhow::{Context as _, Result};
use std::fs;

use super::Package;
use crate::shell;

/// Largest package, compressed: sources and a README. Beside it, only recordings are so large.
const MOST_BYTES: u64 = 256 << 10;
/// Folders of what only our tests need.
const TEST_DATA: &[&str] = &["tests/", "fixtures/", "proptest-regressions/"];
/// A registry's bounds.
const MOST_KEYWORDS: usize = 5;

/// What a package says too little about.
pub(super) fn described(package: &Package) -> Vec<String> {
    let Package { name, description, readme, license, repository, keywords, categories, .. } =
        package;
    let said = [
        ("description", description.is_some()),
        ("readme", readme.is_some()),
        ("license", license.is_some()),
        ("repository", repository.is_some()),
        ("keywords (one to five)", (1..=MOST_KEYWORDS).contains(&keywords.len())),
        ("categories", !categories.is_empty()),
    ];
    let missing = said.into_iter().filter(|(_, said)| !said);
    missing.map(|(what, _)| format!("{name}: no {what}")).collect()
}

/// Makes every package. They are not built from their files here: cargo keeps what it unpacked of our
/// packages under their version, so a second run would build against the first one's.
///
/// # Errors
/// When one cannot be made.
pub(super) fn make(packages: &[Package]) -> Result<()> {
    let mut args = vec!["package", "--quiet", "--locked", "--allow-dirty", "--no-verify"];
    for package in packages {
        args.extend(["--package", &package.name]);
    }
    shell::run(&mut shell::cargo(&args)?)
}

/// What a package lacks, or has too much of.
///
/// # Errors
/// When cargo cannot be asked or the package was not made.
pub(super) fn contents(package: &Package) -> Result<Vec<String>> {
    let name = &package.name;
    let list = ["package", "--list", "--allow-dirty", "--package", name];
    let listed = shell::output(&mut shell::cargo(&list)?)?;
    let mut findings = listing(name, &listed.lines().collect::<Vec<_>>());
    let file = format!("package/{name}-{}.crate", package.version);
    let made = shell::target_dir()?.join(&file);
    let size = fs::metadata(made).with_context(|| format!("{file} was not made"))?.len();
    if size > MOST_BYTES {
        findings.push(format!("{name}: the package has {size} bytes, at most {MOST_BYTES}"));
    }
    Ok(findings)
}

fn listing(name: &str, files: &[&str]) -> Vec<String> {
    let wanted = ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "Cargo.toml"];
    let missing = wanted.iter().filter(|file| !files.contains(file));
    let is_stray = |file: &&&str| TEST_DATA.iter().any(|folder| file.starts_with(folder));
    let missing = missing.map(|file| format!("{name}: the package lacks {file}"));
    let stray = files.iter().filter(is_stray);
    missing.chain(stray.map(|file| format!("{name}: the package holds {file}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_says_nothing_of_itself_is_told_all_of_it() {
        let bare = Package { name: "bare".to_owned(), ..Package::default() };
        let told = described(&bare).join("\n");
        for what in ["description", "readme", "license", "repository", "keywords", "categories"] {
            assert!(told.contains(&format!("bare: no {what}")), "{told}");
        }
    }

    #[test]
    fn what_is_missing_from_a_package_and_what_does_not_belong_there_is_named() {
        let whole = ["Cargo.toml", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "src/lib.rs"];
        assert!(listing("c", &whole).is_empty());
        let told = listing("c", &["Cargo.toml", "LICENSE-MIT", "LICENSE-APACHE", "fixtures/a"]);
        assert_eq!(told, ["c: the package lacks README.md", "c: the package holds fixtures/a"]);
    }
}
