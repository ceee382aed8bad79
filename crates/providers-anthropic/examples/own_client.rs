//! The dialect alone with somebody else's HTTP client: ureq sends what the codec writes, the codec
//! reads what ureq gets. A server of a few lines stands in for the vendor.
#![expect(clippy::print_stdout, reason = "an example shows what comes back")]

use std::io::{Read as _, Write as _};
use tollgate_core_types::ProviderName;
use tollgate_core_types::chat::{ChatRequest, Message, Part, Role};
use tollgate_providers_anthropic::Anthropic;
use tollgate_providers_common::{Provider as _, SseFramer, UpstreamTarget};

const ANSWER: &str = include_str!("answer.sse");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let vendor = std::net::TcpListener::bind("127.0.0.1:0")?;
    let base = format!("http://{}", vendor.local_addr()?).parse()?;
    let _vendor = std::thread::spawn(move || {
        let (mut stream, _) = vendor.accept()?;
        write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{ANSWER}")?;
        stream.shutdown(std::net::Shutdown::Write).map(|()| stream)
    });
    let codec = Anthropic::new(ProviderName::new("anthropic")).chat().ok_or("no chat codec")?;
    let message = Message { role: Role::User, parts: vec![Part::text("hello")], name: None };
    let chat = ChatRequest { messages: vec![message], stream: true, ..ChatRequest::default() };
    let encoded = codec.encode(&chat, &UpstreamTarget::new(base, "claude-sonnet-5-5"))?;
    let mut request = encoded.request.map(|body| body.to_vec());
    request.headers_mut().insert("x-api-key", "sk-...".parse()?);
    let mut answer = ureq::run(request)?.into_body().into_reader();
    let (mut framer, mut decoder) = (SseFramer::new(SseFramer::DEFAULT_MAX), codec.stream());
    let (mut chunk, mut events) = ([0; 64], Vec::new());
    while let size @ 1.. = answer.read(&mut chunk)? {
        framer.push(chunk.iter().copied().take(size).collect());
        while let Some(frame) = framer.next_frame()? {
            decoder.frame(&frame, &mut events)?;
        }
    }
    decoder.end(&mut events)?; // an answer without its end is an error, never a success
    println!("{events:#?}");
    Ok(())
}
