//! The order in which keys are looked for. A place that says nothing is passed over; one that speaks
//! and fails ends the search, for the keys of a later place would be another account's.

use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tollgate_config::{AwsKeys, AwsSources, AwsWebIdentity};
use tollgate_core_types::UpstreamError;
use tollgate_transport::Control;

use super::Found;
use super::fetch::{self, refused};
use super::profile::{self, Said};

/// How often what may change without saying when is looked at again.
pub(super) const REREAD: Duration = Duration::from_secs(300);

/// Keys, and until when they hold.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) keys: Found,
    /// When the vendor stops taking them.
    pub(super) expires: Option<SystemTime>,
    /// How soon to look again where nobody says when they end.
    pub(super) reread: Option<Duration>,
}

/// Where keys may be.
pub(super) struct Chain {
    sources: AwsSources,
    region: String,
    control: Arc<Control>,
}

impl Chain {
    pub(super) fn new(sources: AwsSources, region: String, control: Arc<Control>) -> Self {
        Self { sources, region, control }
    }

    /// Looks for keys.
    ///
    /// # Errors
    /// When there are none, or the place that should have them fails.
    pub(super) async fn fetch(&self) -> Result<Fetched, UpstreamError> {
        let sources = &self.sources;
        if let Some(keys) = &sources.keys {
            return Ok(Fetched { keys: plain(keys), expires: None, reread: None });
        }
        if let Some(found) = self.profile().await {
            return found;
        }
        if let Some(role) = &sources.web_identity {
            return fetch::web_identity(role, &self.sts(), &self.control).await;
        }
        if let Some(agent) = &sources.container {
            return fetch::container(agent, &self.control).await;
        }
        match &sources.instance {
            Some(base) => fetch::instance(base, &self.control).await,
            None => Err(refused(
                "neither configuration nor environment name any; set `aws.profile`, \
                 AWS_ACCESS_KEY_ID or AWS_BEARER_TOKEN_BEDROCK",
            )),
        }
    }

    async fn profile(&self) -> Option<Result<Fetched, UpstreamError>> {
        let profile = self.sources.profile.as_ref()?;
        let name = &profile.name;
        match profile::keys(profile) {
            Said::Keys(keys) => Some(Ok(Fetched { keys, expires: None, reread: Some(REREAD) })),
            Said::Role { role_arn, token_file, session_name } => {
                let session_name = session_name.unwrap_or_else(|| "tollgate".to_owned());
                let role = AwsWebIdentity::new(role_arn, token_file, session_name);
                Some(fetch::web_identity(&role, &self.sts(), &self.control).await)
            }
            Said::Nothing if profile.named => {
                Some(Err(refused(format!("the profile `{name}` has none"))))
            }
            Said::Nothing => None,
            Said::Unsupported(what) if profile.named => {
                Some(Err(refused(format!("the profile `{name}` needs {what}"))))
            }
            Said::Unsupported(_) => None,
        }
    }

    fn sts(&self) -> String {
        let region = &self.region;
        let end = if region.starts_with("cn-") { ".cn" } else { "" };
        let own = || format!("https://sts.{region}.amazonaws.com{end}");
        self.sources.sts.as_deref().map_or_else(own, |sts| sts.trim_end_matches('/').to_owned())
    }
}

fn plain(keys: &AwsKeys) -> Found {
    Found {
        access_key_id: keys.access_key_id.clone(),
        secret_access_key: keys.secret_access_key.clone(),
        session_token: keys.session_token.clone(),
    }
}
