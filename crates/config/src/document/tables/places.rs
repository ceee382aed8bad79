//! Places that need more than an address: Amazon Bedrock, Azure, Vertex AI.
//!
//! Apart from the other tables for its length alone. Whoever adds a key to the reader adds it here.

use super::{Key, Shape, Table, default};

table! {
    /// How Amazon Bedrock is reached.
    pub(super) aws {
        /// where requests go and what signatures name; by default the model's ARN, `AWS_REGION`,
        /// `AWS_DEFAULT_REGION` or the profile says it
        region: Shape::Text, ~ "see there";
        /// the model behind an id that does not name it; decides what the model takes
        base_model: Shape::Text, ~ "none";
        /// the guardrail that every request passes
        guardrail: Shape::Table(guardrail);
        /// a profile of the shared files, with keys or with a role and a token's file
        profile: Shape::Text, ~ "`AWS_PROFILE`";
        /// the id of keys as they are
        access_key_id: Shape::Text, ~ "`AWS_ACCESS_KEY_ID`";
        /// the key itself, as a reference such as `${VAR}` or `file:/path`
        secret_access_key: Shape::Secret, ~ "`AWS_SECRET_ACCESS_KEY`";
        /// the token of temporary keys
        session_token: Shape::Secret, ~ "`AWS_SESSION_TOKEN`";
        /// a role, by a token that the cluster gives
        role_arn: Shape::Text, ~ "`AWS_ROLE_ARN`";
        /// the file that holds that token
        web_identity_token_file: Shape::Text, ~ "`AWS_WEB_IDENTITY_TOKEN_FILE`";
        /// the name of the role's session, in the account's logs
        role_session_name: Shape::Text, ~ "`tollgate`";
    }
}

table! {
    /// How Azure is reached, and how it is shown who asks.
    pub(super) azure {
        /// the resource's name, which makes its address: `https://<name>.openai.azure.com`
        resource: Shape::Text, ~ "of `api_base`";
        /// a date such as `2024-10-21` for the classic paths (`/openai/deployments/...`); `preview` or
        /// `latest` on the v1 path, which needs none
        api_version: Shape::Either(vec![Shape::Text, Shape::Number]), ~ "`AZURE_OPENAI_API_VERSION`, `OPENAI_API_VERSION`";
        /// the model behind a deployment whose name does not say it; decides what it takes, and with
        /// `claude` in it that Anthropic's dialect is spoken
        base_model: Shape::Text, ~ "the deployment's name";
        /// the directory of the application that asks for tokens
        tenant_id: Shape::Text, ~ "`AZURE_TENANT_ID`";
        /// the application, or the managed identity where a machine or service has several
        client_id: Shape::Text, ~ "`AZURE_CLIENT_ID`";
        /// the application's secret, as a reference such as `${VAR}` or `file:/path`
        client_secret: Shape::Secret, ~ "`AZURE_CLIENT_SECRET`";
        /// the file with the token that a cluster gives (workload identity)
        token_file: Shape::Text, ~ "`AZURE_FEDERATED_TOKEN_FILE`";
        /// where directories are
        authority: Shape::Url, ~ "`AZURE_AUTHORITY_HOST`, `https://login.microsoftonline.com`";
        /// what tokens are for
        scope: Shape::Text, ~ "`https://cognitiveservices.azure.com/.default`";
        /// the machine's metadata service
        metadata_host: Shape::Text, ~ "`169.254.169.254`";
    }
}

table! {
    /// A place at Vertex AI, and where its tokens come from.
    pub(super) google {
        /// the Google Cloud project
        project: Shape::Text, ~ "the credentials'";
        /// the region, `us`, `eu` or `global`
        location | region: Shape::Text, = "global";
        /// a service account's or authorised user's file, as a reference such as `file:/path`
        credentials: Shape::Secret, ~ "the machine's own";
        /// the machine's metadata server
        metadata_host: Shape::Text, = "metadata.google.internal";
    }
}

table! {
    /// A guardrail of Amazon Bedrock.
    pub(super) guardrail {
        /// its id or ARN
        id: Shape::Text, ~ "required";
        /// a number, or `DRAFT`
        version: Shape::Text, ~ "`DRAFT`";
        /// whether answers tell what it found
        trace: Shape::Bool, ~ "`false`";
    }
}
