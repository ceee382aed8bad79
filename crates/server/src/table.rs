//! A listener's paths as a table: where, who answers, and what the document says of it.
//!
//! The router and the document are both made from it. Nothing is routed in any other way.

use axum::Router;
use axum::routing::MethodRouter;

use crate::openapi::operation::Operation;
use crate::openapi::schemas::Schemas;

/// How a path is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// To look; the router answers `HEAD` as well.
    Get,
    /// To have something done.
    Post,
    /// To have something be as told; again is the same as once.
    Put,
}

impl Method {
    /// As requests have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// As documents have it.
    pub(crate) const fn in_documents(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
        }
    }
}

/// Makes the router's side of a route; of the same method as is told.
type Serve<S> = fn() -> MethodRouter<S>;
/// Makes the document's side of a route.
type Tells = fn(&mut Schemas) -> Operation;

/// One path of a listener.
pub(crate) struct Route<S> {
    /// What is told of it.
    pub(crate) told: Told,
    serve: Serve<S>,
}

/// What is told of a path, whoever serves it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    /// How it is asked.
    pub(crate) method: Method,
    /// Where it is, as the router writes it.
    pub(crate) path: &'static str,
    /// What the document says.
    pub(crate) tells: Tells,
}

impl Told {
    /// The path as documents write it: a wildcard is a parameter like any other.
    pub(crate) fn path_in_documents(&self) -> String {
        self.path.replace("{*", "{")
    }
}

impl<S> Route<S> {
    /// A path to look at.
    pub(crate) const fn get(path: &'static str, serve: Serve<S>, tells: Tells) -> Self {
        Self { told: Told { method: Method::Get, path, tells }, serve }
    }

    /// A path that does something.
    pub(crate) const fn post(path: &'static str, serve: Serve<S>, tells: Tells) -> Self {
        Self { told: Told { method: Method::Post, path, tells }, serve }
    }

    /// A path that takes a value.
    pub(crate) const fn put(path: &'static str, serve: Serve<S>, tells: Tells) -> Self {
        Self { told: Told { method: Method::Put, path, tells }, serve }
    }
}

/// What is told of a table.
pub(crate) fn told<S>(routes: &[Route<S>]) -> impl Iterator<Item = Told> {
    routes.iter().map(|route| route.told)
}

/// The router of a table.
pub(crate) fn router<S>(routes: &[Route<S>]) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let add = |router: Router<S>, route: &Route<S>| router.route(route.told.path, (route.serve)());
    routes.iter().fold(Router::new(), add)
}
