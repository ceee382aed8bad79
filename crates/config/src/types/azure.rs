//! How a deployment at Azure is reached, and how it is shown who asks.
//!
//! What Azure's own tools would find in the environment is read once, as data; nothing is opened or
//! asked. The engine does that.

use std::path::PathBuf;

use crate::secret::Secret;

/// What a deployment's `azure` section and the environment say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Azure {
    /// The API version: a date for the classic paths, else the v1 path.
    pub api_version: Option<String>,
    /// The model behind a deployment's name that does not say it.
    pub base_model: Option<String>,
}

/// Tokens of Entra ID.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entra {
    /// What they are for, for example `https://cognitiveservices.azure.com/.default`.
    pub scope: String,
    /// Where they come from.
    pub source: EntraSource,
}

/// Where tokens of Entra ID come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntraSource {
    /// An application's own secret stands for them.
    Secret {
        /// The application, at its directory.
        app: EntraApp,
        /// Its secret.
        secret: Secret,
    },
    /// A token that the cluster gives stands for them (workload identity).
    Workload {
        /// The application, at its directory.
        app: EntraApp,
        /// The file that holds the cluster's token; read each time, for it is replaced.
        token_file: PathBuf,
    },
    /// The service in which this process runs gives them out (App Service, Functions, Container
    /// Apps).
    Service {
        /// Its address.
        endpoint: String,
        /// What it wants to be shown.
        header: Secret,
        /// The identity, where it is not the service's own.
        client_id: Option<String>,
    },
    /// The machine's metadata service gives them out.
    Machine {
        /// Its host, with its port where it has one.
        host: String,
        /// The identity, where it is not the machine's own.
        client_id: Option<String>,
    },
}

/// An application of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntraApp {
    /// The address of the directories, without a trailing slash.
    pub authority: String,
    /// The directory.
    pub tenant: String,
    /// The application.
    pub client_id: String,
}
