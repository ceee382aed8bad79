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
}

impl Method {
    /// As requests have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }

    /// As documents have it.
    pub(crate) const fn in_documents(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
        }
    }
}

/// One path of a listener.
pub(crate) struct Route<S> {
    /// How it is asked.
    pub(crate) method: Method,
    /// Where it is, as the router writes it.
    pub(crate) path: &'static str,
    /// Who answers; of the same method.
    pub(crate) serve: Serve<S>,
    /// What the document says.
    pub(crate) tells: Tells,
}

/// Makes the router's side of a route.
type Serve<S> = fn() -> MethodRouter<S>;
/// Makes the document's side of a route.
type Tells = fn(&mut Schemas) -> Operation;

impl<S> Route<S> {
    /// A path to look at.
    pub(crate) const fn get(path: &'static str, serve: Serve<S>, tells: Tells) -> Self {
        Self { method: Method::Get, path, serve, tells }
    }

    /// A path that does something.
    pub(crate) const fn post(path: &'static str, serve: Serve<S>, tells: Tells) -> Self {
        Self { method: Method::Post, path, serve, tells }
    }

    /// The path as documents write it: a wildcard is a parameter like any other.
    pub(crate) fn told_path(&self) -> String {
        self.path.replace("{*", "{")
    }
}

/// The router of a table.
pub(crate) fn router<'a, S>(routes: impl IntoIterator<Item = &'a Route<S>>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let add = |router: Router<S>, route: &Route<S>| router.route(route.path, (route.serve)());
    routes.into_iter().fold(Router::new(), add)
}
