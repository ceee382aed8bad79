//! A vendor that costs almost nothing: fixed bytes, and pacing where the request asks for it.

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Content events of a streamed answer; with usage and the end they are 34.
const CONTENT_EVENTS: usize = 32;

/// Serves until killed.
pub(crate) async fn serve(listen: SocketAddr) -> anyhow::Result<()> {
    let socket = TcpListener::bind(listen).await?;
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = socket.accept().await?;
        stream.set_nodelay(true)?;
        connections.spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new();
            let _ = connection.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// `max_tokens` of the request chooses the pace: 257 waits 2 ms between events, 258 waits 50 ms.
async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let body = match request.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::new(),
    };
    let head = body.get(..body.len().min(300)).unwrap_or_default();
    let says = |what: &[u8]| head.windows(what.len()).any(|window| window == what);
    if says(b"\"max_tokens\":258") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (content_type, body) = if says(b"\"stream\":true") {
        let gap = says(b"\"max_tokens\":257").then_some(Duration::from_millis(2));
        ("text/event-stream", events(gap))
    } else {
        ("application/json", Full::new(Bytes::from_static(WHOLE.as_bytes())).boxed_unsync())
    };
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    Ok(response)
}

const WHOLE: &str = r#"{"id":"chatcmpl-bench","object":"chat.completion","created":1795000000,"model":"bench-model","choices":[{"index":0,"message":{"role":"assistant","content":"A toll gate is a barrier across a road where travellers stop and pay before they may go on. This answer is long enough to look like one.","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":25,"completion_tokens":31,"total_tokens":56,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}"#;

fn events(gap: Option<Duration>) -> Body {
    let stream = stream::unfold(0_usize, move |index| async move {
        let data = event(index)?;
        if let Some(gap) = gap.filter(|_| index > 0) {
            tokio::time::sleep(gap).await;
        }
        Some((Ok(Frame::data(data)), index + 1))
    });
    StreamBody::new(stream).boxed_unsync()
}

fn event(index: usize) -> Option<Bytes> {
    let chunk = |choices: &str, usage: &str| {
        Bytes::from(format!(
            "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\
             \"created\":1795000000,\"model\":\"bench-model\",\"system_fingerprint\":\"fp_bench\",\
             \"choices\":[{choices}],\"usage\":{usage}}}\n\n"
        ))
    };
    if index < CONTENT_EVENTS {
        let finish = if index + 1 == CONTENT_EVENTS { "\"stop\"" } else { "null" };
        let choice = format!(
            "{{\"index\":0,\"delta\":{{\"content\":\" word{index} and some more of it\"}},\
             \"logprobs\":null,\"finish_reason\":{finish}}}"
        );
        Some(chunk(&choice, "null"))
    } else if index == CONTENT_EVENTS {
        let usage = "{\"prompt_tokens\":25,\"completion_tokens\":32,\"total_tokens\":57}";
        Some(chunk("", usage))
    } else if index == CONTENT_EVENTS + 1 {
        Some(Bytes::from_static(b"data: [DONE]\n\n"))
    } else {
        None
    }
}
