//! Versions, and where tokens come from.

use super::*;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn versions_are_dates_or_names_of_the_v1_path() {
    for (text, legal) in [
        ("2024-10-21", true),
        ("2025-04-01-preview", true),
        ("v1", true),
        ("preview", true),
        ("latest", true),
        ("2024", false),
        ("2024-1-21", false),
        ("2024-10-21&x=y", false),
        ("-preview", false),
        ("v2", false),
        ("", false),
    ] {
        assert_eq!(is_version(text), legal, "{text}");
    }
}

#[test]
fn a_date_contradicts_an_address_of_the_v1_path() {
    let v1 = BaseUrl("https://r.openai.azure.com/openai/v1".to_owned());
    let root = BaseUrl("https://r.openai.azure.com".to_owned());
    assert!(contradicts(&v1, "2024-10-21") && !contradicts(&v1, "preview"));
    assert!(!contradicts(&root, "2024-10-21"));
}

#[test]
fn the_nearest_word_on_the_version_wins() {
    let given = |version: Option<&str>| AzureGiven {
        api_version: version.map(str::to_owned),
        ..AzureGiven::default()
    };
    let (own, below) = (given(Some("2025-01-01")), given(Some("2024-01-01")));
    let env = env(&[("OPENAI_API_VERSION", "2023-05-15"), ("AZURE_API_VERSION", " ")]);
    let version = |layers, beside| resolve(layers, beside, &env).api_version.unwrap_or_default();
    assert_eq!(version([Some(&own), Some(&below)], Some("v1")), "v1");
    assert_eq!(version([Some(&own), Some(&below)], None), "2025-01-01");
    let silent = given(None);
    assert_eq!(version([Some(&silent), Some(&below)], None), "2024-01-01");
    assert_eq!(version([None, None], None), "2023-05-15");
}

/// What Azure's own tools take first, second and third; each line adds to the environment before.
#[test]
fn tokens_come_from_where_azures_tools_take_them() {
    let machine = |client_id: Option<&str>| EntraSource::Machine {
        host: METADATA.to_owned(),
        client_id: client_id.map(str::to_owned),
    };
    let mut all = vec![];
    assert_eq!(entra([None, None], &env(&all)).source, machine(None));
    all.push(("AZURE_CLIENT_ID", "app"));
    assert_eq!(entra([None, None], &env(&all)).source, machine(Some("app")));
    all.extend([("IDENTITY_ENDPOINT", "http://127.0.0.1:1/token"), ("IDENTITY_HEADER", "h")]);
    let source = entra([None, None], &env(&all)).source;
    assert!(matches!(source, EntraSource::Service { .. }), "{source:?}");
    all.extend([("AZURE_TENANT_ID", "dir"), ("AZURE_FEDERATED_TOKEN_FILE", "/t")]);
    let source = entra([None, None], &env(&all)).source;
    assert!(matches!(source, EntraSource::Workload { .. }), "{source:?}");
    all.extend([("AZURE_CLIENT_SECRET", "canary"), ("AZURE_AUTHORITY_HOST", "https://login.cn/")]);
    let found = entra([None, None], &env(&all));
    assert!(!format!("{found:?}").contains("canary"));
    let EntraSource::Secret { app, .. } = found.source else { panic!("{:?}", found.source) };
    assert_eq!((app.authority.as_str(), app.tenant.as_str()), ("https://login.cn", "dir"));
    // Without encryption nothing is shown to an address elsewhere.
    all.extend([("AZURE_AUTHORITY_HOST", "http://evil.example"), ("X", "")]);
    let EntraSource::Secret { app, .. } = entra([None, None], &env(&all)).source else { panic!() };
    assert_eq!(app.authority, AUTHORITY);
}

#[test]
fn an_identity_that_configuration_names_is_the_only_one() {
    let env = env(&[
        ("AZURE_CLIENT_ID", "other"),
        ("AZURE_TENANT_ID", "dir"),
        ("AZURE_CLIENT_SECRET", "secret"),
    ]);
    let own = AzureGiven {
        identity: Identity {
            tenant: Some("mine".to_owned()),
            client_id: Some("app".to_owned()),
            token_file: Some(PathBuf::from("/t")),
            ..Identity::default()
        },
        scope: Some("https://ai.azure.com/.default".to_owned()),
        ..AzureGiven::default()
    };
    let found = entra([None, Some(&own)], &env);
    let EntraSource::Workload { app, token_file } = found.source else { panic!("{found:?}") };
    assert_eq!((app.tenant.as_str(), app.client_id.as_str()), ("mine", "app"));
    assert_eq!(
        (token_file, found.scope.as_str()),
        (PathBuf::from("/t"), "https://ai.azure.com/.default")
    );
}
