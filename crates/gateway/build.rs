//! Tells the binary which commit it was built from, for what, and by which compiler.
//!
//! It exists so that a bug report can say exactly what ran. It must never fail a build, and never say
//! anything that differs between two builds of the same commit: no time, no path, no user.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=TOLLGATE_COMMIT");
    let commit = given().or_else(packaged).or_else(checked_out);
    let compiler = env::var("RUSTC").ok().and_then(|rustc| said(&rustc, &["--version"]));
    for (name, value) in [
        ("TOLLGATE_COMMIT", commit),
        ("TOLLGATE_TARGET", env::var("TARGET").ok()),
        ("TOLLGATE_PROFILE", env::var("PROFILE").ok()),
        ("TOLLGATE_COMPILER", compiler.as_deref().and_then(version).map(str::to_owned)),
    ] {
        let value = value.unwrap_or_else(|| "unknown".to_owned());
        println!("cargo::rustc-env={name}={value}");
    }
}

/// What whoever builds without git says, such as a container's build.
fn given() -> Option<String> {
    env::var("TOLLGATE_COMMIT").ok().as_deref().and_then(short)
}

/// What cargo wrote into a package that is built from a registry.
fn packaged() -> Option<String> {
    let path = Path::new(&env::var_os("CARGO_MANIFEST_DIR")?).join(".cargo_vcs_info.json");
    let text = fs::read_to_string(path).ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    rest.split('"').nth(1).and_then(short)
}

/// What git says of the folder that this is built in, where it is git that it came from.
fn checked_out() -> Option<String> {
    said("git", &["ls-files", "--error-unmatch", "build.rs"])?;
    // Grows with every commit and change of branch.
    let log = said("git", &["rev-parse", "--git-path", "logs/HEAD"])?;
    println!("cargo::rerun-if-changed={log}");
    said("git", &["rev-parse", "HEAD"]).as_deref().and_then(short)
}

/// The first twelve digits of a commit; nothing of what is none.
fn short(commit: &str) -> Option<String> {
    let commit = commit.trim();
    let is_one = commit.len() >= 7 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_one.then(|| commit.chars().take(12).collect())
}

/// `1.95.0` of `rustc 1.95.0 (…)`.
fn version(said: &str) -> Option<&str> {
    said.split(' ').nth(1)
}

/// The first line that a program prints, where it succeeds.
fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.lines().next().unwrap_or_default().to_owned())
}
