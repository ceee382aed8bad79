//! `/admin/explain` of the operators' listener: what would become of a request, without sending it.
//!
//! Whatever the query says that cannot be read is refused and named: an answer to another question
//! than the one that was asked would mislead. It must never change anything.

use axum::extract::{Query, State};
use axum::response::Response;
use http::{StatusCode, Uri};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use tollgate::{DeploymentExplained, GroupExplained, Question, Strategy};

use crate::respond;
use crate::state::AppState;

/// What would become of such a request now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Explanation")]
pub(crate) struct Explanation {
    /// The model group that it would come to, then those that it would fall back to, in order.
    groups: Vec<Group>,
}

/// One of them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "GroupExplanation")]
struct Group {
    model: String,
    /// How a deployment is chosen.
    strategy: &'static str,
    /// Those that would be tried first, in order; then the others.
    deployments: Vec<Deployment>,
}

/// One deployment of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeploymentExplanation")]
struct Deployment {
    id: String,
    /// Whether it would be tried.
    eligible: bool,
    /// As which, from 1.
    order: Option<usize>,
    /// What the strategy compares, smallest first; null where it does not compare.
    score: Option<f64>,
    /// Why it would not be tried.
    reason: Option<String>,
    /// When it may be again.
    retry_in_seconds: Option<f64>,
    /// Its tier; the lowest is tried first.
    priority: u32,
    weight: f64,
    /// Requests under way.
    in_flight: u32,
    /// How slow it has been against the usual of its group; 1 is usual, null is unknown.
    slowness: Option<f64>,
}

/// Answers for the engine of this state.
pub(crate) fn explain(State(app): State<Arc<AppState>>, uri: &Uri) -> Response {
    let explained = question(uri)
        .and_then(|question| app.engine.explain(&question).map_err(|message| (message, "model")));
    match explained {
        Ok(groups) => {
            let groups = groups.into_iter().map(group).collect();
            respond::json(StatusCode::OK, &Explanation { groups })
        }
        Err((message, param)) => {
            let error = json!({
                "message": message,
                "type": "invalid_request_error",
                "param": param,
                "code": "invalid_request",
            });
            respond::json(StatusCode::BAD_REQUEST, &json!({ "error": error }))
        }
    }
}

/// The request that a query asks about; an error in words, and of which name.
fn question(uri: &Uri) -> Result<Question, (String, &'static str)> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|error| (error.to_string(), "query"))?;
    let mut question = Question::default();
    for (name, value) in pairs {
        let shown = tollgate_core_types::error::clean(&value, 64);
        match name.as_str() {
            "model" => question.model = Some(value),
            "strategy" => {
                let strategy: Result<Strategy, _> = value.parse();
                question.strategy = Some(strategy.map_err(|e| (e.to_string(), "strategy"))?);
            }
            "tools" => {
                let told = value.parse();
                let expected = || (format!("\"{shown}\" is not true or false"), "tools");
                question.tools = told.map_err(|_| expected())?;
            }
            "tokens" => {
                let told = value.parse();
                let expected = || (format!("\"{shown}\" is no number of tokens"), "tokens");
                question.tokens = told.map_err(|_| expected())?;
            }
            _ => {
                let name = tollgate_core_types::error::clean(&name, 64);
                let known = "model, strategy, tools and tokens can be asked about";
                return Err((format!("there is no \"{name}\": {known}"), "query"));
            }
        }
    }
    Ok(question)
}

fn group(explained: GroupExplained) -> Group {
    Group {
        model: explained.model.to_string(),
        strategy: explained.strategy,
        deployments: explained.deployments.into_iter().map(deployment).collect(),
    }
}

fn deployment(explained: DeploymentExplained) -> Deployment {
    Deployment {
        id: explained.id.to_string(),
        eligible: explained.order.is_some(),
        order: explained.order,
        score: explained.score,
        reason: explained.reason,
        retry_in_seconds: explained.retry_in.map(|wait| wait.as_secs_f64()),
        priority: explained.priority,
        weight: explained.weight,
        in_flight: explained.in_flight,
        slowness: explained.slowness,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_a_question_or_what_is_wrong_with_it() {
        let asked = |query: &str| question(&format!("/admin/explain{query}").parse().unwrap());
        let all = asked("?model=a%20b&strategy=cost&tools=true&tokens=7").unwrap();
        assert_eq!((all.model.as_deref(), all.strategy), (Some("a b"), Some(Strategy::Cost)));
        assert_eq!((all.tools, all.tokens), (true, 7));
        assert_eq!(asked("").unwrap().model, None);
        for (query, param, words) in [
            ("?strategy=best", "strategy", "unknown load-balancing strategy \"best\""),
            ("?tools=yes", "tools", "\"yes\" is not true or false"),
            ("?tokens=-1", "tokens", "\"-1\" is no number of tokens"),
            ("?modell=a", "query", "there is no \"modell\""),
        ] {
            let (message, wrong) = asked(query).unwrap_err();
            assert!(wrong == param && message.starts_with(words), "{query}: {wrong}: {message}");
        }
    }
}
