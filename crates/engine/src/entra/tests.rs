//! What the four sources are asked, and what their answers say.

use super::*;
use http::header::CONTENT_TYPE;
use std::io::Write as _;
use tollgate_config::{Auth, Config};

/// Configuration is the only maker of these types.
fn entra(env: &[(&str, &str)]) -> Entra {
    let text = r#"models: { m: { provider: azure, api_base: "http://localhost:1" } }"#;
    let config = configured(text, env);
    let auth = &config.models[0].deployments[0].auth;
    let Auth::Entra(entra) = auth else { panic!("{auth:?}") };
    entra.clone()
}

fn configured(text: &str, env: &[(&str, &str)]) -> Config {
    let file = tempfile(text);
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let options = tollgate_config::LoadOptions {
        files: vec![file.path().to_owned()],
        env: env.collect(),
        ..tollgate_config::LoadOptions::default()
    };
    tollgate_config::load(&options, &crate::vendors()).unwrap()
}

fn tempfile(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn body(request: &Request<Bytes>) -> &str {
    std::str::from_utf8(request.body()).unwrap()
}

const APP: [(&str, &str); 3] =
    [("AZURE_TENANT_ID", "dir"), ("AZURE_CLIENT_ID", "app"), ("AZURE_CLIENT_SECRET", "s+&")];

#[test]
fn an_application_shows_its_secret() {
    let request = entra(&APP).request(0).unwrap();
    assert_eq!(request.method(), http::Method::POST);
    assert_eq!(request.uri(), "https://login.microsoftonline.com/dir/oauth2/v2.0/token");
    assert_eq!(request.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
    assert_eq!(
        body(&request),
        "grant_type=client_credentials&client_id=app&\
         scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default&client_secret=s%2B%26"
    );
}

#[test]
fn a_clusters_token_is_read_anew_each_time() {
    let mut token = tempfile::NamedTempFile::new().unwrap();
    let path = token.path().to_str().unwrap().to_owned();
    let env = [
        ("AZURE_TENANT_ID", "dir"),
        ("AZURE_CLIENT_ID", "app"),
        ("AZURE_FEDERATED_TOKEN_FILE", path.as_str()),
    ];
    let entra = entra(&env);
    assert_eq!(entra.request(0).unwrap_err().class, ErrorClass::Connect, "it is empty");
    writeln!(token, "a.b.c").unwrap();
    let request = entra.request(0).unwrap();
    assert!(body(&request).ends_with(
        "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
         &client_assertion=a.b.c"
    ));
    token.as_file().set_len(0).unwrap();
    assert!(entra.request(0).is_err());
}

#[test]
fn services_and_machines_are_asked_for_their_own_identity_or_a_named_one() {
    let machine = entra(&[]).request(0).unwrap();
    const QUERY: &str = "resource=https%3A%2F%2Fcognitiveservices.azure.com";
    assert_eq!(
        machine.uri().to_string(),
        format!(
            "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&{QUERY}"
        )
    );
    assert_eq!(machine.headers()[METADATA], "true");
    let env = [
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi/token/"),
        ("IDENTITY_HEADER", "canary"),
        ("AZURE_CLIENT_ID", "app"),
    ];
    let service = entra(&env).request(0).unwrap();
    assert_eq!(
        service.uri().to_string(),
        format!("http://127.0.0.1:41/msi/token/?api-version=2019-08-01&{QUERY}&client_id=app")
    );
    assert_eq!(service.headers()[SERVICE], "canary");
    assert!(!format!("{service:?}").contains("canary"));
}

/// Columns: status, body, life in seconds at the moment 1000, or whose fault it is.
#[test]
fn answers_say_how_long_a_token_lives_or_whose_fault_it_is() {
    use ErrorClass as C;
    let machine = entra(&[]);
    for (status, body, want) in [
        (200, r#"{"access_token":"t","expires_in":3599}"#, Ok(3599)),
        (200, r#"{"access_token":"t","expires_in":"3599","expires_on":"1"}"#, Ok(3599)),
        (200, r#"{"access_token":"t","expires_on":"1600"}"#, Ok(600)),
        (200, r#"{"access_token":"t","expires_on":1600}"#, Ok(600)),
        (200, r#"{"access_token":"t","expires_on":"10"}"#, Ok(0)),
        (200, r#"{"access_token":"t"}"#, Ok(3600)),
        (200, r#"{"access_token":"t","expires_in":99999999}"#, Ok(86_400)),
        (200, r#"{"access_token":""}"#, Err(C::Auth)),
        (200, "<html>", Err(C::Auth)),
        (
            400,
            r#"{"error":"invalid_request","error_description":"Identity not found"}"#,
            Err(C::Auth),
        ),
        (404, "", Err(C::Overload)),
        (429, "", Err(C::Overload)),
        (500, "", Err(C::Overload)),
    ] {
        let read = machine.read(status, body.as_bytes(), 1000);
        let read = read.map(|(_, life)| life.as_secs()).map_err(|error| error.class);
        assert_eq!(read, want, "{status} {body}");
    }
    let refused = br#"{"error":"invalid_client","error_description":"AADSTS7000215"}"#;
    let error = entra(&APP).read(401, refused, 0).unwrap_err();
    assert_eq!(error.class, C::Auth);
    assert!(error.message.ends_with("invalid_client AADSTS7000215"), "{error}");
    assert_eq!(entra(&APP).read(404, b"", 0).unwrap_err().class, C::Auth);
}
