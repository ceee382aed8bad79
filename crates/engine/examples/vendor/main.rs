//! A vendor with a dialect of its own (`acme.rs`): the conformance kit on its codec, and a gateway that
//! asks it whole and as a stream. `docs/adding-a-provider.md` says what each piece is for.
#![expect(clippy::print_stdout, reason = "an example shows what comes back")]

mod acme;

use acme::{ACME, Acme, Talk};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tollgate::{Chat, DeploymentSpec, ModelSpec, Tollgate};
use tollgate_core_types::ProviderName;
use tollgate_providers_common::{Codec as _, testkit};

const WHOLE: &str = r#"{"id":"t1","engine":"acme-1","say":"A gate with a price.","why":"finished","spent":{"in":9,"out":6}}"#;
const STREAMED: &str = concat!(
    "data: {\"id\":\"t2\",\"engine\":\"acme-1\",\"say\":\"A gate \"}\n\n",
    "data: {\"say\":\"with a price.\"}\n\n",
    "data: {\"done\":\"finished\",\"spent\":{\"in\":9,\"out\":6}}\n\n",
);

/// The vendor on this machine: it answers as it is asked, whole or streamed.
async fn serve(listener: TcpListener) -> std::io::Result<()> {
    loop {
        let (mut socket, _) = listener.accept().await?;
        let mut asked = Vec::new();
        while !asked.ends_with(b"}") {
            socket.read_buf(&mut asked).await?;
        }
        let streamed = String::from_utf8_lossy(&asked).contains("\"stream\":true");
        let body = if streamed { STREAMED } else { WHOLE };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n", body.len());
        socket.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).await?;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // What no dialect may break. In a crate these are tests, on recorded answers.
    testkit::every_cut(STREAMED.as_bytes(), || Talk.stream());
    testkit::truncations(STREAMED.as_bytes(), || Talk.stream());
    testkit::replies_alike(WHOLE.as_bytes(), &Talk);
    testkit::error_matrix(&Talk);
    println!("the codec keeps the rules");

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let mut vendor = JoinSet::new();
    vendor.spawn(serve(listener));
    let deployment = DeploymentSpec::new("acme", "acme-1").base(address).key("a-key");
    let tollgate = Tollgate::builder()
        .provider(ACME, Arc::new(Acme(ProviderName::new(ACME.name))))
        .model("talker", ModelSpec::new().deployment(deployment))
        .build()?;
    let reply = tollgate.chat(Chat::from("What is a tollgate?").max_tokens(50)).await?;
    println!("{reply} ({} tokens)", reply.chat.usage.total().unwrap_or_default());
    let mut stream = tollgate.stream("And again, slowly?").await?;
    while let Some(text) = stream.next_text().await? {
        print!("{text}");
    }
    println!(" ({} tokens)", stream.finish().await?.chat.usage.total().unwrap_or_default());
    Ok(())
}
