//! The shared files of AWS's tools: profiles with keys, or with a role and a token's file.
//!
//! What needs another program or a browser (`credential_process`, `sso_session`) is refused by name:
//! a gateway that starts programs out of files is none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tollgate_config::{AwsProfile, Secret};

use super::Found;

/// Largest file that is read.
const MAX_FILE: u64 = 1 << 20;

/// What a profile says of its keys.
#[derive(Debug)]
pub(super) enum Said {
    Keys(Found),
    /// A role, by a token's file, in the session of this name.
    Role {
        role_arn: String,
        token_file: PathBuf,
        session_name: Option<String>,
    },
    /// No such profile, or nothing in it of keys.
    Nothing,
    /// A way to keys that is not supported.
    Unsupported(&'static str),
}

/// The region of a profile.
pub(super) fn region(profile: &AwsProfile) -> Option<String> {
    read(profile).remove("region")
}

/// What a profile says of its keys.
pub(super) fn keys(profile: &AwsProfile) -> Said {
    let mut fields = read(profile);
    let mut take = |name: &str| fields.remove(name).filter(|value| !value.is_empty());
    let secret = take("aws_secret_access_key").map(Secret::new);
    if let (Some(access_key_id), Some(secret_access_key)) = (take("aws_access_key_id"), secret) {
        let session_token = take("aws_session_token").map(Secret::new);
        return Said::Keys(Found { access_key_id, secret_access_key, session_token });
    }
    let (role, file) = (take("role_arn"), take("web_identity_token_file"));
    let session_name = take("role_session_name");
    match (role, file) {
        (Some(role_arn), Some(file)) => {
            return Said::Role { role_arn, token_file: PathBuf::from(file), session_name };
        }
        (Some(_), None) => {
            return Said::Unsupported("a role of another profile (`source_profile`)");
        }
        (None, Some(_) | None) => {}
    }
    let foreign = [
        ("credential_process", "a program of its own (`credential_process`)"),
        ("sso_session", "single sign-on"),
        ("sso_start_url", "single sign-on"),
    ];
    let found = foreign.into_iter().find(|(name, _)| fields.contains_key(*name));
    found.map_or(Said::Nothing, |(_, what)| Said::Unsupported(what))
}

/// The fields of a profile; those of the credentials' file win.
fn read(profile: &AwsProfile) -> BTreeMap<String, String> {
    let AwsProfile { name, credentials, config, .. } = profile;
    let titled = if name == "default" { name.clone() } else { format!("profile {name}") };
    let mut fields = section(&text(config), &titled);
    fields.extend(section(&text(credentials), name));
    fields
}

/// A file's text; one that cannot be read is as none, for most machines have neither.
fn text(path: &Path) -> String {
    let small =
        std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() < MAX_FILE);
    if small { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() }
}

/// The fields of one section. Indented lines belong to the field above them, and are passed over.
fn section(text: &str, title: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let mut inside = false;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(head) = bare.strip_prefix('[') {
            let head = head.split(']').next().unwrap_or_default();
            inside = head.split_whitespace().eq(title.split_whitespace());
        } else if inside
            && !line.starts_with([' ', '\t'])
            && let Some((name, value)) = bare.split_once('=')
        {
            fields.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_read_as_awss_tools_read_it() {
        let text = "\u{feff}# c\n[default]\nregion=us-east-1\n[profile  prod]\r\nRegion = eu-west-1 \r\n\
                    s3 =\n  region = nested\n; c\naws_access_key_id = A=B\n[other]\nregion = x\n";
        let fields = section(text, "profile prod");
        assert_eq!(fields["region"], "eu-west-1");
        assert_eq!(fields["aws_access_key_id"], "A=B");
        assert_eq!(section(text, "default")["region"], "us-east-1");
        assert!(section(text, "prod").is_empty());
        assert!(section("no section = 1\n[", "x").is_empty());
    }
}
