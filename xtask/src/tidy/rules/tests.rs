//! Every rule finds what it forbids, and nothing else.

use super::*;

fn found(path: &str, text: &str) -> Vec<String> {
    let file = File { path: path.to_owned(), text: text.to_owned() };
    check(&file).iter().map(ToString::to_string).collect()
}

#[test]
fn a_plain_file_is_fine() {
    let text = "//! Adds numbers.\n\nuse crate::number::Number;\n\n#[cfg(test)]\nmod tests {\n    \
                use super::*;\n}\n";
    assert_eq!(found("crates/a/src/lib.rs", text), Vec::<String>::new());
}

#[test]
fn a_file_says_first_what_it_is() {
    assert_eq!(found("crates/a/src/lib.rs", "fn a() {}\n").len(), 1);
    assert_eq!(found("crates/a/src/lib.rs", "//!\nfn a() {}\n").len(), 1);
}

#[test]
fn module_files_are_named() {
    assert_eq!(found("crates/a/src/b/mod.rs", "//! B.\n").len(), 1);
}

#[test]
fn long_files_fail_and_growing_ones_warn() {
    let lines = |count: usize| format!("//! Long.\n{}", "fn a() {}\n".repeat(count - 1));
    let file = |count| File { path: "crates/a/src/lib.rs".to_owned(), text: lines(count) };
    assert_eq!(check(&file(801)).len(), 1);
    assert_eq!(check(&file(800)), []);
    assert!(growing(&file(501)).is_some());
    assert!(growing(&file(500)).is_none());
    assert!(growing(&file(801)).is_none(), "fails already");
}

#[test]
fn unfinished_work_is_found_in_code_alone() {
    for mark in UNFINISHED {
        let text = format!("//! A.\n// {mark} later\n");
        assert_eq!(found("crates/a/src/lib.rs", &text).len(), 1, "{mark}");
        assert_eq!(found("docs/a.md", &text), Vec::<String>::new(), "{mark}");
    }
}

#[test]
fn glob_imports_stay_in_tests() {
    let glob = "//! A.\nuse super::b::*;\n";
    assert_eq!(found("crates/a/src/lib.rs", glob).len(), 1);
    assert_eq!(found("crates/a/src/b/tests.rs", glob), Vec::<String>::new());
    assert_eq!(found("crates/a/tests/b.rs", glob), Vec::<String>::new());
    assert_eq!(found("crates/a/src/lib.rs", "//! A.\nuse other::prelude::*;\n").len(), 0);
}

#[test]
fn tests_do_not_sleep_in_real_time() {
    let sleeping = format!("//! A.\n#[cfg(test)]\nmod tests {{\n    tokio::{SLEEP}ms);\n}}\n");
    assert_eq!(found("crates/a/src/lib.rs", &sleeping).len(), 1);
    let paused = sleeping.replace("mod tests", "// start_paused\nmod tests");
    assert_eq!(found("crates/a/src/lib.rs", &paused), Vec::<String>::new());
    let production = format!("//! A.\nasync fn a() {{\n    tokio::{SLEEP}ms);\n}}\n");
    assert_eq!(found("crates/a/src/lib.rs", &production), Vec::<String>::new());
    assert_eq!(found("crates/a/tests/b.rs", &production).len(), 1);
}

#[test]
fn machine_paths_and_registries_are_found_everywhere() {
    for path in MACHINE_PATHS {
        assert_eq!(found("README.md", &format!("see {path}x\n")).len(), 1, "{path}");
        assert_eq!(found("README.md", &format!("see `{path}x`\n")).len(), 1, "{path}");
        let inside = format!("see https://example.com{path}x and crates{path}x\n");
        assert_eq!(found("README.md", &inside), Vec::<String>::new(), "{path}");
    }
    for host in REGISTRY_HOSTS {
        assert_eq!(found("a/package-lock.json", &format!("{host}s://r.example\n")).len(), 1);
    }
}
