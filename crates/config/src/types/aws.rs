//! How a deployment at Amazon Bedrock finds its region and its keys.
//!
//! What AWS's own tools would find in the environment is read here, once, as data; nothing is opened
//! or asked. The engine does that, in the order of [`AwsSources`].

use std::path::PathBuf;

use crate::secret::Secret;

/// What a deployment's `aws` section and the environment say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Aws {
    /// The region as configured; it wins over what a model's ARN names.
    pub region: Option<String>,
    /// The region of the environment, where nothing nearer names one.
    pub default_region: Option<String>,
    /// The model behind an id that does not name it, for example an application's inference profile.
    pub base_model: Option<String>,
    /// The guardrail that every request passes.
    pub guardrail: Option<AwsGuardrail>,
    /// Where keys that sign may be.
    pub sources: AwsSources,
}

/// A guardrail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AwsGuardrail {
    /// Its id or ARN.
    pub id: String,
    /// A number, or `DRAFT`.
    pub version: String,
    /// Whether answers tell what it found.
    pub trace: bool,
}

/// Where keys may be, in the order in which they are looked for. `None` is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AwsSources {
    /// Keys as they are.
    pub keys: Option<AwsKeys>,
    /// A profile of the shared files.
    pub profile: Option<AwsProfile>,
    /// A role, by a token that the cluster gives (IRSA).
    pub web_identity: Option<AwsWebIdentity>,
    /// An agent beside the container (EKS Pod Identity, ECS).
    pub container: Option<AwsContainer>,
    /// The address of the instance's metadata service.
    pub instance: Option<String>,
    /// The address of the token service, where it is not the region's own.
    pub sts: Option<String>,
}

/// Keys as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AwsKeys {
    /// The access key's id, which is sent.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: Secret,
    /// The token of temporary keys.
    pub session_token: Option<Secret>,
}

/// A profile of the shared files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AwsProfile {
    /// Its name.
    pub name: String,
    /// Whether it was asked for by name, so that its absence is a failure.
    pub named: bool,
    /// The file of credentials.
    pub credentials: PathBuf,
    /// The file of settings.
    pub config: PathBuf,
}

/// A role, by a token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AwsWebIdentity {
    /// The role's ARN.
    pub role_arn: String,
    /// The file that holds the token; read each time, for it is replaced.
    pub token_file: PathBuf,
    /// The name of the session, in the account's logs.
    pub session_name: String,
}

impl AwsWebIdentity {
    /// A role as a profile names it.
    #[must_use]
    pub fn new(role_arn: String, token_file: PathBuf, session_name: String) -> Self {
        Self { role_arn, token_file, session_name }
    }
}

/// An agent beside the container.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AwsContainer {
    /// Its address.
    pub uri: String,
    /// What it wants to be shown.
    pub token: Option<Secret>,
    /// The file that holds it; read each time, for it is replaced.
    pub token_file: Option<PathBuf>,
}
