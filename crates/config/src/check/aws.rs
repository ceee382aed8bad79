//! `aws`: region, keys and guardrail of a deployment at Amazon Bedrock; the environment says what the
//! section leaves out, by the names that AWS's own tools read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use tollgate_core_types::Dialect;

use super::{missing, section};
use crate::read::{At, Section};
use crate::report::Report;
use crate::secret::Secret;
use crate::types::{
    Aws, AwsContainer, AwsGuardrail, AwsKeys, AwsProfile, AwsSources, AwsWebIdentity, BaseUrl,
    ProviderKind,
};

/// One layer's word.
#[derive(Debug, Clone, Default)]
pub(super) struct AwsGiven {
    region: Option<String>,
    base_model: Option<String>,
    guardrail: Option<AwsGuardrail>,
    identity: Option<Identity>,
}

/// The keys that the section itself names: then nothing else is looked at.
#[derive(Debug, Clone)]
enum Identity {
    Keys(AwsKeys),
    Profile(String),
    Role { role_arn: String, token_file: PathBuf, session_name: Option<String> },
}

/// Message and hint where another vendor has the section.
pub(super) const NOT_BEDROCK: (&str, &str) =
    ("`aws` is for Amazon Bedrock", "write `provider: bedrock`, or `dialect: bedrock`");

/// Reads the section under `aws`.
pub(super) fn read(given: &mut Section<'_>, report: &mut Report) -> Option<AwsGiven> {
    let mut aws = section(given, &["aws"], report)?;
    let region = aws.take(&["region"], report).and_then(|at| region(&at, report));
    let base_model = text(&mut aws, "base_model", report);
    let guardrail = guardrail(&mut aws, report);
    let identity = identity(&mut aws, report);
    aws.finish(report);
    Some(AwsGiven { region, base_model, guardrail, identity })
}

fn text(given: &mut Section<'_>, name: &'static str, report: &mut Report) -> Option<String> {
    let at = given.take(&[name], report)?;
    at.text(report).map(|text| text.trim().to_owned())
}

fn region(at: &At<'_>, report: &mut Report) -> Option<String> {
    let text = at.text(report)?.trim();
    if is_region(text) {
        return Some(text.to_owned());
    }
    at.problem_hint(report, "is not a region", "write it like eu-central-1");
    None
}

/// A region becomes part of a host's name.
fn is_region(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=32).contains(&text.len()) && text.chars().all(legal) && !text.starts_with('-')
}

fn guardrail(given: &mut Section<'_>, report: &mut Report) -> Option<AwsGuardrail> {
    let mut all = section(given, &["guardrail"], report)?;
    let id = all.take(&["id"], report);
    if id.is_none() {
        missing(&all, "id", "the guardrail's id or ARN", report);
    }
    let version = all.take(&["version"], report);
    let trace = all.take(&["trace"], report).is_some_and(|at| at.boolean(report) == Some(true));
    let id = id.and_then(|at| sendable(&at, report));
    let version = match version {
        Some(at) => sendable(&at, report),
        None => Some("DRAFT".to_owned()),
    };
    all.finish(report);
    Some(AwsGuardrail { id: id?, version: version?, trace })
}

/// A text that goes into a header.
fn sendable(at: &At<'_>, report: &mut Report) -> Option<String> {
    let text = at.text(report)?.trim();
    if text.chars().all(|c| c.is_ascii_graphic()) {
        return Some(text.to_owned());
    }
    at.problem(report, "holds a character that no id has");
    None
}

fn identity(given: &mut Section<'_>, report: &mut Report) -> Option<Identity> {
    let id = text(given, "access_key_id", report);
    let secret = text(given, "secret_access_key", report);
    let token = text(given, "session_token", report);
    let profile = text(given, "profile", report);
    let role = text(given, "role_arn", report);
    let token_file = text(given, "web_identity_token_file", report);
    let session_name = text(given, "role_session_name", report);
    let ways = [id.is_some(), profile.is_some(), role.is_some()];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        let hint = "keep one of `access_key_id`, `profile` and `role_arn`";
        given.at.problem_hint(report, "names its keys in several ways", hint);
        return None;
    }
    let halves = [
        ("access_key_id", id.is_some(), "secret_access_key", secret.is_some()),
        ("secret_access_key", secret.is_some(), "access_key_id", id.is_some()),
        ("session_token", token.is_some(), "access_key_id", id.is_some()),
        ("role_arn", role.is_some(), "web_identity_token_file", token_file.is_some()),
        ("web_identity_token_file", token_file.is_some(), "role_arn", role.is_some()),
        ("role_session_name", session_name.is_some(), "role_arn", role.is_some()),
    ];
    for (_, _, other, _) in halves.iter().filter(|(_, has, _, needed)| *has && !needed) {
        missing(given, other, "both are needed", report);
    }
    if let (Some(access_key_id), Some(secret)) = (id, secret) {
        let secret_access_key = Secret::new(secret);
        let session_token = token.map(Secret::new);
        return Some(Identity::Keys(AwsKeys { access_key_id, secret_access_key, session_token }));
    }
    if let (Some(role_arn), Some(file)) = (role, token_file) {
        let token_file = PathBuf::from(file);
        return Some(Identity::Role { role_arn, token_file, session_name });
    }
    profile.map(Identity::Profile)
}

/// Whether keys that sign are named in configuration, so that no key of the environment takes their
/// place.
pub(super) fn names_keys(own: Option<&AwsGiven>, provider: Option<&AwsGiven>) -> bool {
    [own, provider].into_iter().flatten().any(|given| given.identity.is_some())
}

/// Whether a vendor is Amazon Bedrock, whatever it is called.
pub(super) fn is_bedrock(kind: &ProviderKind) -> bool {
    match kind {
        ProviderKind::Vendor(preset) => preset.chat == Dialect::BEDROCK_CONVERSE,
        ProviderKind::Own(dialect) => *dialect == Dialect::BEDROCK_CONVERSE,
        ProviderKind::Mock => false,
    }
}

/// The key of the environment that stands for all others: a bearer key of Bedrock.
pub(super) const BEARER: &str = "AWS_BEARER_TOKEN_BEDROCK";

/// The variable that names another address than the region's own.
pub(super) const ENDPOINT: &str = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME";

/// Whether an address is Amazon's.
pub(super) fn is_own(base: &BaseUrl) -> bool {
    let rest = base.as_str().strip_prefix("https://").unwrap_or_default();
    let host = rest.split(['/', ':']).next().unwrap_or_default().to_ascii_lowercase();
    [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].iter().any(|end| host.ends_with(end))
}

/// All of it for one deployment: its own word over its provider's over the environment's.
pub(super) fn resolve(
    own: Option<&AwsGiven>,
    provider: Option<&AwsGiven>,
    env: &BTreeMap<String, String>,
) -> Aws {
    let layers = || [own, provider].into_iter().flatten();
    let env = Env(env);
    let identity = layers().find_map(|given| given.identity.clone());
    let default_region = env.get("AWS_REGION").or_else(|| env.get("AWS_DEFAULT_REGION"));
    Aws {
        region: layers().find_map(|given| given.region.clone()),
        default_region: default_region.filter(|region| is_region(region)),
        base_model: layers().find_map(|given| given.base_model.clone()),
        guardrail: layers().find_map(|given| given.guardrail.clone()),
        sources: env.sources(identity),
    }
}

/// The environment, whose empty values say nothing.
struct Env<'a>(&'a BTreeMap<String, String>);

/// Where an agent of ECS answers.
const ECS_AGENT: &str = "http://169.254.170.2";
/// Where an instance's metadata service answers.
const METADATA: &str = "http://169.254.169.254";
/// The name of sessions, where nobody names them.
const SESSION: &str = "tollgate";

impl Env<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let value = self.0.get(name)?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    fn sources(&self, identity: Option<Identity>) -> AwsSources {
        let sts = self.get("AWS_ENDPOINT_URL_STS");
        let none = AwsSources { sts, ..AwsSources::default() };
        match identity {
            Some(Identity::Keys(keys)) => AwsSources { keys: Some(keys), ..none },
            Some(Identity::Profile(name)) => {
                AwsSources { profile: self.profile(name, true), ..none }
            }
            Some(Identity::Role { role_arn, token_file, session_name }) => {
                let session_name = session_name.unwrap_or_else(|| SESSION.to_owned());
                let role = AwsWebIdentity { role_arn, token_file, session_name };
                AwsSources { web_identity: Some(role), ..none }
            }
            None => AwsSources {
                keys: self.keys(),
                profile: match self.get("AWS_PROFILE") {
                    Some(name) => self.profile(name, true),
                    None => self.profile("default".to_owned(), false),
                },
                web_identity: self.web_identity(),
                container: self.container(),
                instance: self.instance(),
                ..none
            },
        }
    }

    fn keys(&self) -> Option<AwsKeys> {
        Some(AwsKeys {
            access_key_id: self.get("AWS_ACCESS_KEY_ID")?,
            secret_access_key: Secret::new(self.get("AWS_SECRET_ACCESS_KEY")?),
            session_token: self.get("AWS_SESSION_TOKEN").map(Secret::new),
        })
    }

    fn profile(&self, name: String, named: bool) -> Option<AwsProfile> {
        let home = || self.path("HOME").or_else(|| self.path("USERPROFILE"));
        let below = |file| home().map(|home| home.join(".aws").join(file));
        let credentials = self.path("AWS_SHARED_CREDENTIALS_FILE").or_else(|| below("credentials"));
        let config = self.path("AWS_CONFIG_FILE").or_else(|| below("config"));
        // One that is asked for stays, also where nobody says where its files are: its absence is a
        // failure, and no other keys take its place.
        let known = credentials.is_some() && config.is_some();
        (known || named).then(|| AwsProfile {
            name,
            named,
            credentials: credentials.unwrap_or_default(),
            config: config.unwrap_or_default(),
        })
    }

    fn web_identity(&self) -> Option<AwsWebIdentity> {
        let session_name = self.get("AWS_ROLE_SESSION_NAME");
        Some(AwsWebIdentity {
            role_arn: self.get("AWS_ROLE_ARN")?,
            token_file: self.path("AWS_WEB_IDENTITY_TOKEN_FILE")?,
            session_name: session_name.unwrap_or_else(|| SESSION.to_owned()),
        })
    }

    fn container(&self) -> Option<AwsContainer> {
        let relative = self.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        let uri = relative
            .map(|path| format!("{ECS_AGENT}{path}"))
            .or_else(|| self.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"))?;
        Some(AwsContainer {
            uri,
            token: self.get("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(Secret::new),
            token_file: self.path("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        })
    }

    fn instance(&self) -> Option<String> {
        let off = self.get("AWS_EC2_METADATA_DISABLED");
        if off.is_some_and(|off| off.eq_ignore_ascii_case("true")) {
            return None;
        }
        let address = self.get("AWS_EC2_METADATA_SERVICE_ENDPOINT");
        Some(address.map_or_else(|| METADATA.to_owned(), |it| it.trim_end_matches('/').to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_environment_is_read_by_the_names_of_awss_own_tools() {
        let env = env(&[
            ("AWS_REGION", "eu-west-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "canary"),
            ("AWS_SESSION_TOKEN", ""),
            ("HOME", "/h"),
            ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x"),
            ("AWS_EC2_METADATA_DISABLED", "TRUE"),
        ]);
        let aws = resolve(None, None, &env);
        assert_eq!(aws.default_region.as_deref(), Some("eu-west-1"));
        let sources = aws.sources;
        let keys = sources.keys.as_ref().unwrap();
        assert_eq!((keys.access_key_id.as_str(), &keys.session_token), ("AKID", &None));
        let profile = sources.profile.as_ref().unwrap();
        assert!(!profile.named && profile.name == "default");
        assert_eq!(profile.credentials, PathBuf::from("/h/.aws/credentials"));
        assert_eq!(sources.web_identity.as_ref().unwrap().session_name, "tollgate");
        assert_eq!(sources.container.as_ref().unwrap().uri, "http://169.254.170.2/v2/x");
        assert_eq!(sources.instance, None);
        assert!(!format!("{sources:?}").contains("canary"));
    }

    #[test]
    fn amazons_own_addresses_are_known() {
        for (base, own) in [
            ("https://bedrock-runtime.eu-west-1.amazonaws.com", true),
            ("https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com:443/x", true),
            ("https://bedrock-runtime.{region}.amazonaws.com", true),
            ("http://bedrock-runtime.eu-west-1.amazonaws.com", false),
            ("https://amazonaws.com.example.org", false),
            ("http://127.0.0.1:4001", false),
        ] {
            assert_eq!(is_own(&BaseUrl(base.to_owned())), own, "{base}");
        }
    }

    #[test]
    fn keys_that_configuration_names_are_the_only_ones() {
        let env =
            env(&[("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s"), ("HOME", "/h")]);
        let given = |identity| AwsGiven { identity: Some(identity), ..AwsGiven::default() };
        let provider = given(Identity::Profile("prod".to_owned()));
        let sources = resolve(None, Some(&provider), &env).sources;
        assert!(sources.profile.is_some_and(|profile| profile.named && profile.name == "prod"));
        assert!(sources.keys.is_none() && sources.instance.is_none());
        let role = Identity::Role {
            role_arn: "r".to_owned(),
            token_file: PathBuf::from("/t"),
            session_name: None,
        };
        let sources = resolve(Some(&given(role)), Some(&provider), &env).sources;
        assert!(sources.web_identity.is_some() && sources.profile.is_none());
    }
}
