//! `/openapi.json`: the document of each listener, made from the very table that its routes are made
//! from, so that no path is served untold and none is told unserved.
//!
//! Schemas come from types. Where an answer is ours, the type is the one that is serialized; where a
//! shape is a vendor's, the types below `openai` and `anthropic` describe it and the hand-written
//! readers decide. It is made once, when first asked for, and must never be part of serving a call.

pub(crate) mod anthropic;
pub(crate) mod calls;
pub(crate) mod gemini;
pub(crate) mod media;
pub(crate) mod openai;
pub(crate) mod operation;
pub(crate) mod own;
pub(crate) mod responses;
pub(crate) mod schemas;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use std::hash::{DefaultHasher, Hasher as _};

use crate::table::Told;
use operation::{HEADERS, REQUEST_ID};
use schemas::Schemas;

/// What a document says beside its paths.
pub(crate) struct About {
    /// Its title.
    pub(crate) title: &'static str,
    /// What the listener is for, in Markdown.
    pub(crate) description: &'static str,
    /// Every tag of its operations, in the order of reading.
    pub(crate) tags: &'static [(&'static str, &'static str)],
    /// Whether clients may show a key.
    pub(crate) keys: bool,
}

/// The document of a listener's tables. The same tables give the same bytes.
pub(crate) fn document(about: &About, routes: impl IntoIterator<Item = Told>) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for route in routes {
        let operation = (route.tells)(&mut schemas).done();
        let path = paths.entry(route.path_in_documents()).or_insert_with(|| json!({}));
        path[route.method.in_documents()] = operation;
    }
    let (schemas, responses) = schemas.done();
    let headers: Map<String, Value> =
        HEADERS.iter().map(|header| (header.name.to_owned(), header.told())).collect();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": about.title,
            "version": env!("CARGO_PKG_VERSION"),
            "description": about.description,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "tags": about.tags.iter().map(|(name, description)| {
            json!({ "name": name, "description": description })
        }).collect::<Vec<Value>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "headers": headers,
            "parameters": { REQUEST_ID: operation::request_id() },
        },
    });
    if about.keys {
        document["components"]["securitySchemes"] = json!({
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "`authorization: Bearer KEY`, as OpenAI's SDKs send it.",
            },
            "x-api-key": {
                "type": "apiKey",
                "in": "header",
                "name": "x-api-key",
                "description": "As Anthropic's SDKs send it.",
            },
        });
        // None is needed; whichever an SDK sends is taken and stays here.
        document["security"] = json!([{}, { "bearer": [] }, { "x-api-key": [] }]);
    }
    document
}

/// A text that is served from memory, with what tells a cache whether it has it already.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    body: Bytes,
    etag: HeaderValue,
    content_type: HeaderValue,
}

impl Served {
    /// A text of this type.
    pub(crate) fn new(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let mut hasher = DefaultHasher::new();
        hasher.write(&body);
        let etag = format!("\"{:016x}\"", hasher.finish());
        Self {
            body,
            etag: HeaderValue::from_str(&etag).unwrap_or(HeaderValue::from_static("\"0\"")),
            content_type: HeaderValue::from_static(content_type),
        }
    }

    /// A JSON document.
    pub(crate) fn json(document: &Value) -> Self {
        Self::new("application/json", document.to_string())
    }

    /// The answer to a request with these headers: the text, or 304 where its sender has it.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Response {
        let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|value| self.is_in(value));
        let mut response = if known {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            let mut response = Response::new(Body::from(self.body.clone()));
            response.headers_mut().insert(header::CONTENT_TYPE, self.content_type.clone());
            response
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }

    fn is_in(&self, list: &HeaderValue) -> bool {
        let Ok(list) = list.to_str() else { return false };
        // A proxy that compresses makes the tag a weak one.
        let mut tags = list.split(',').map(|tag| tag.trim().trim_start_matches("W/"));
        tags.any(|tag| tag == "*" || tag.as_bytes() == self.etag.as_bytes())
    }
}

#[cfg(test)]
mod tests;
