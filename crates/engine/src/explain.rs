//! What would become of a request now, for operators: a dry run of the choice.
//!
//! It asks the same filter and the same balancer as a request does, takes nothing and sends nothing.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tollgate_balancer::{Call, Explained, Explanation, Strategy, Verdict};
use tollgate_core_types::{Dialect, Operation};
use tollgate_providers_common::{ClientDialect, Facts, Inbound};

use crate::clock;
use crate::deployment::Deployment;
use crate::generation::Generation;
use crate::needs::Needs;
use crate::{call, near};

/// The request that is asked about.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Question {
    /// The model that it names; `None` for the default one.
    pub model: Option<String>,
    /// How its client speaks.
    pub dialect: Dialect,
    /// What it wants.
    pub operation: Operation,
    /// How a deployment is chosen, if it says so.
    pub strategy: Option<Strategy>,
    /// Whether it offers tools.
    pub tools: bool,
    /// What it would reserve of tokens per minute.
    pub tokens: u64,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            model: None,
            dialect: Dialect::OPENAI_CHAT,
            operation: Operation::Chat,
            strategy: None,
            tools: false,
            tokens: 0,
        }
    }
}

/// One model group that the request would come to, in order.
#[derive(Debug, Clone)]
pub struct GroupExplained {
    /// Its name.
    pub model: Arc<str>,
    /// How a deployment is chosen.
    pub strategy: &'static str,
    /// Those that would be tried first, in order; then the others.
    pub deployments: Vec<DeploymentExplained>,
}

/// One deployment of it.
#[derive(Debug, Clone)]
pub struct DeploymentExplained {
    /// Its id.
    pub id: Arc<str>,
    /// Its tier.
    pub priority: u32,
    /// Its share.
    pub weight: f64,
    /// Requests under way.
    pub in_flight: u32,
    /// How slow it has been against the usual of its group; 1 is usual.
    pub slowness: Option<f64>,
    /// As which it would be tried, from 1; `None` where it would not be.
    pub order: Option<usize>,
    /// What its strategy compares, smallest first; `None` where it does not compare.
    pub score: Option<f64>,
    /// Why it would not be tried.
    pub reason: Option<String>,
    /// When it may be again.
    pub retry_in: Option<Duration>,
}

/// What would become of it.
///
/// # Errors
/// In words, where no model has that name or none is the default.
pub(crate) fn explain(
    generation: &Generation,
    client: Option<&Arc<dyn ClientDialect>>,
    question: &Question,
    seed: u64,
) -> Result<Vec<GroupExplained>, String> {
    let named = question.model.as_deref().or(generation.default_model.as_deref());
    let named = named.ok_or("no model is named, and none is the default")?;
    let entry =
        generation.models.get(named).ok_or_else(|| near::unknown_model(generation, named))?;
    let facts =
        Facts { has_tools: question.tools, model: Some(named.to_owned()), ..Facts::default() };
    let inbound = Inbound {
        dialect: question.dialect,
        operation: question.operation,
        facts,
        body: Bytes::new(),
        headers: HeaderMap::new(),
        query: None,
    };
    let now = clock::now();
    let client = client.ok_or_else(|| format!("no client speaks {}", question.dialect))?;
    // There is no body: what it would hold is not asked about.
    let needs = Needs::new(&inbound, client, false, &entry.members);
    let eligible = |deployment: &Arc<Deployment>| call::eligible(deployment, &inbound, &needs);
    let call = Call {
        strategy: question.strategy,
        eligible: &eligible,
        units: question.tokens,
        ..Call::new(&entry.alias, now + entry.total, seed)
    };
    Ok(generation.router.explain(call, now).into_iter().map(group).collect())
}

fn group(explanation: Explanation) -> GroupExplained {
    GroupExplained {
        model: explanation.group,
        strategy: explanation.strategy.as_str(),
        deployments: explanation.members.into_iter().map(deployment).collect(),
    }
}

fn deployment(explained: Explained) -> DeploymentExplained {
    let Explained { id, priority, weight, in_flight, slowness, verdict } = explained;
    let (order, score, refusal) = match verdict {
        Verdict::Eligible { order, score } => (Some(order), score, None),
        Verdict::Refused(refusal) => (None, None, Some(refusal)),
    };
    let until = refusal.and_then(|refusal| refusal.until());
    DeploymentExplained {
        id,
        priority,
        weight,
        in_flight,
        slowness,
        order,
        score,
        reason: refusal.map(|refusal| refusal.to_string()),
        retry_in: until.map(|until| until.saturating_duration_since(clock::now())),
    }
}
