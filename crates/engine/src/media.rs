//! Pictures and documents that a request points to, fetched for vendors that fetch none themselves.
//!
//! Only where the operator says so, once for a request however many attempts it takes, and by the
//! rules of [`Fetcher`] alone. What cannot be fetched is the client's mistake, told with its field.

mod kind;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;
use tollgate_core_types::chat::{ChatRequest, MediaSource, Part};
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::inline::{InlineMedia, MediaMap, MediaPlace, is_fetchable};
use tollgate_transport::{FetchError, FetchRules, Fetcher, Network};

use crate::memory::{Memory, Room};

/// Fetches under way at a time, for one request.
const AT_ONCE: usize = 4;

/// Fetches for the requests of one generation.
pub(crate) struct Media {
    fetcher: Fetcher,
    rules: FetchRules,
    /// Most for one request.
    count: usize,
}

/// What was fetched for one request.
#[derive(Default)]
pub(crate) struct Fetches(OnceCell<Result<Held, UpstreamError>>);

/// What was fetched, and the memory that it takes.
struct Held {
    media: MediaMap,
    _room: Room,
}

impl Media {
    /// As configuration says.
    pub(crate) fn new(fetcher: Fetcher, config: &tollgate_config::Media) -> Self {
        let networks = config.networks.iter();
        let rules = FetchRules {
            timeout: config.timeout,
            max: config.limit,
            ports: config.ports.clone(),
            networks: networks.filter_map(|it| it.to_string().parse::<Network>().ok()).collect(),
        };
        Self { fetcher, rules, count: config.count }
    }

    async fn fetch(
        &self,
        places: &[MediaPlace],
        (memory, deadline): (&Memory, Instant),
    ) -> Result<Held, UpstreamError> {
        // One fetch for each address, told with the first place that has it.
        let mut once: BTreeMap<&str, &str> = BTreeMap::new();
        for place in places.iter().rev() {
            once.insert(&place.url, &place.path);
        }
        if once.len() > self.count {
            let path = places.last().map(|place| place.path.as_str());
            let message = format!(
                "the request points to {} pictures and documents; {} are fetched at most",
                once.len(),
                self.count
            );
            return Err(refused(message, path));
        }
        let one = |(url, path): (&str, &str)| {
            let (url, path) = (url.to_owned(), path.to_owned());
            async move { self.one(&url).await.map(|it| (url.clone(), it)).map_err(|why| (path, why)) }
        };
        let mut under_way = futures_util::stream::iter(once.into_iter().map(one)).buffered(AT_ONCE);
        let (mut media, mut room) = (MediaMap::new(), memory.room());
        loop {
            let next = tokio::time::timeout_at(deadline.into(), under_way.next()).await;
            let Ok(next) = next else {
                let message = "the request's time was up before its pictures were fetched";
                return Err(UpstreamError::new(ErrorClass::Deadline, message));
            };
            match next {
                None => return Ok(Held { media, _room: room }),
                Some(Err((path, why))) => {
                    return Err(refused(format!("`{path}` cannot be fetched: {why}"), Some(&path)));
                }
                Some(Ok((url, fetched))) => {
                    room.grow(fetched.data.len()).map_err(|none| {
                        let message = format!("there is no room for its pictures: {none}");
                        refused(message, None)
                    })?;
                    media.insert(url, fetched);
                }
            }
        }
    }

    async fn one(&self, url: &str) -> Result<InlineMedia, Why> {
        let fetched = self.fetcher.fetch(url, &self.rules).await?;
        let declared = fetched.content_type.as_deref();
        let media_type = kind::of(&fetched.body, declared).ok_or(Why::Kind)?;
        Ok(InlineMedia { media_type: media_type.to_owned(), data: STANDARD.encode(&fetched.body) })
    }
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
enum Why {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("it is neither a picture (PNG, JPEG, GIF, WebP) nor a PDF nor plain text")]
    Kind,
}

impl Fetches {
    /// What these places point to, fetched when it is first asked for; what failed then fails again.
    ///
    /// # Errors
    /// As something that a deployment which takes no addresses cannot do, or when the time is up.
    pub(crate) async fn get(
        &self,
        media: &Media,
        places: &[MediaPlace],
        bounds: (&Memory, Instant),
    ) -> Result<&MediaMap, UpstreamError> {
        let fetched = self.0.get_or_init(|| media.fetch(places, bounds)).await;
        fetched.as_ref().map(|held| &held.media).map_err(UpstreamError::clone)
    }
}

fn refused(message: String, path: Option<&str>) -> UpstreamError {
    // Not the vendor's doing, of which nothing is learnt; another deployment may take the address.
    UpstreamError::new(ErrorClass::Unsupported, message).with_param(path)
}

/// The refusal where nobody may fetch; another deployment may take the address itself.
pub(crate) fn forbidden(places: &[MediaPlace]) -> UpstreamError {
    let path = places.first().map(|place| place.path.as_str()).unwrap_or_default();
    let message = format!(
        "`{path}`: the vendor of this model takes no addresses; send the data as base64, or have \
         the gateway fetch it with `fetch_media: true` in its configuration"
    );
    UpstreamError::new(ErrorClass::Unsupported, message).with_param(Some(path))
}

/// Every address of a conversation.
pub(crate) fn places(chat: &ChatRequest) -> Vec<MediaPlace> {
    let mut found = Vec::new();
    for (index, message) in chat.messages.iter().enumerate() {
        collect(&message.parts, &format!("messages[{index}].content"), &mut found);
    }
    found
}

fn collect(parts: &[Part], path: &str, found: &mut Vec<MediaPlace>) {
    for (index, part) in parts.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match part {
            Part::Image { source: MediaSource::Url(url), .. }
            | Part::Document { source: MediaSource::Url(url), .. }
                if is_fetchable(url) =>
            {
                found.push(MediaPlace { path, url: url.clone() });
            }
            Part::ToolResult { parts, .. } => collect(parts, &format!("{path}.content"), found),
            Part::Image { .. }
            | Part::Document { .. }
            | Part::Text { .. }
            | Part::Audio { .. }
            | Part::ToolCall(_)
            | Part::Reasoning(_)
            | Part::Refusal { .. }
            | Part::Foreign { .. } => {}
        }
    }
}

/// Puts what was fetched in the place of its address.
pub(crate) fn put(chat: &mut ChatRequest, media: &MediaMap) {
    for message in &mut chat.messages {
        replace(&mut message.parts, media);
    }
}

fn replace(parts: &mut [Part], media: &MediaMap) {
    for part in parts {
        match part {
            Part::Image { source, .. } | Part::Document { source, .. } => {
                let MediaSource::Url(url) = &*source else { continue };
                if let Some(InlineMedia { media_type, data }) = media.get(url) {
                    let (media_type, data) = (media_type.clone(), data.clone());
                    *source = MediaSource::Base64 { media_type, data };
                }
            }
            Part::ToolResult { parts, .. } => replace(parts, media),
            Part::Text { .. }
            | Part::Audio { .. }
            | Part::ToolCall(_)
            | Part::Reasoning(_)
            | Part::Refusal { .. }
            | Part::Foreign { .. } => {}
        }
    }
}

/// For how long fetches were waited for; told as time that was not ours.
pub(crate) fn waited(since: Instant) -> Duration {
    crate::clock::now().saturating_duration_since(since)
}
