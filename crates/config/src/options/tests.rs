//! The environment of a process.

use super::*;

fn read(text: &str) -> Result<BTreeMap<String, String>, ConfigErrors> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".env");
    std::fs::write(&path, text).unwrap();
    dotenv(&path)
}

#[test]
fn dotenv_is_read_and_absent_is_empty() {
    let env = read("\u{feff}# keys\nexport A=1\nB='two words'\nC=\"x#y\"\n\nA=2\r\n").unwrap();
    let pairs: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(pairs, [("A", "1"), ("B", "two words"), ("C", "x#y")]);
    assert!(dotenv(Path::new("/nonexistent/.env")).unwrap().is_empty());
}

#[test]
fn a_broken_line_is_told_by_its_number_and_not_repeated() {
    let said = read("A=1\nKEY=sk-canary and more\nB=2\n").unwrap_err();
    assert_eq!(said.0.len(), 1);
    assert_eq!(
        said.0.first().map(|problem| problem.place.to_string().ends_with(".env:2:1")),
        Some(true)
    );
    assert!(!format!("{said} {said:?}").contains("canary"));
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".env");
    std::fs::write(&path, [0xC3, 0x28, b'=', b'1']).unwrap();
    assert!(dotenv(&path).unwrap_err().to_string().contains("is not UTF-8"));
    std::fs::write(&path, vec![b'#'; MAX_DOTENV + 1]).unwrap();
    assert!(dotenv(&path).unwrap_err().to_string().contains("larger than"));
}

#[test]
fn options_show_names_and_no_values() {
    let options = LoadOptions {
        env: [("OPENAI_API_KEY".to_owned(), "sk-canary".to_owned())].into(),
        ..LoadOptions::default()
    };
    let shown = format!("{options:?}");
    assert!(shown.contains("OPENAI_API_KEY") && !shown.contains("canary"), "{shown}");
}

#[test]
fn the_process_environment_is_read() {
    let options = LoadOptions::from_process().unwrap();
    assert_eq!(options.env.get("CARGO_PKG_NAME").map(String::as_str), Some("tollgate-config"));
}

#[test]
fn a_file_of_variables_is_read_without_the_processs_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("some.env");
    std::fs::write(&path, "A=1\n").unwrap();
    let options = LoadOptions::from_dotenv(&path).unwrap();
    assert_eq!(options.env, BTreeMap::from([("A".to_owned(), "1".to_owned())]));
    assert_eq!(options.dotenv, BTreeSet::from(["A".to_owned()]));
    assert!(LoadOptions::from_dotenv(&dir.path().join("none")).unwrap().env.is_empty());
    std::fs::write(&path, "A\n").unwrap();
    assert!(LoadOptions::from_dotenv(&path).is_err());
}
