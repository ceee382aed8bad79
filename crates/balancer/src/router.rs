//! All groups by name, and which falls back to which.
//!
//! A table of indices instead of groups that hold groups: names are resolved and cycles rejected
//! once, when it is built, and a router is replaced as a whole. It must never grow a way to change a
//! group in place.

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_core_types::error::FallbackKind;

use crate::breaker::BreakerPolicy;
use crate::credential::CredentialBook;
use crate::group::{Fallbacks, Group, GroupSpec};
use crate::member::{Core, Member, MemberSpec};
use crate::near::nearest;
use crate::norm::Norm;

/// Why groups cannot be made into a router.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RouterError {
    /// Two groups have one name.
    #[error("group {0:?} is defined twice")]
    DuplicateGroup(Arc<str>),
    /// A group has no members.
    #[error("group {0:?} has no members")]
    EmptyGroup(Arc<str>),
    /// Two members of a group have one id.
    #[error("group {group:?} has two members with the id {member:?}")]
    DuplicateMember {
        /// The group.
        group: Arc<str>,
        /// The id.
        member: Arc<str>,
    },
    /// A weight is not a finite number above 0.
    #[error("group {group:?}, member {member:?}: weight {weight} is not a finite number above 0")]
    Weight {
        /// The group.
        group: Arc<str>,
        /// The member.
        member: Arc<str>,
        /// Its weight.
        weight: f64,
    },
    /// One id stands in two groups for members that cannot share a state.
    #[error(
        "member {member:?} stands in group {group:?} and in another one with a different \
         credential, limits or breaker"
    )]
    MemberConflict {
        /// The group in which the second one stands.
        group: Arc<str>,
        /// The id.
        member: Arc<str>,
    },
    /// A fallback list names a group that does not exist.
    #[error("group {group:?} falls back to {fallback:?}, which does not exist{}", hint(.near))]
    UnknownFallback {
        /// The group whose list it is.
        group: Arc<str>,
        /// The name.
        fallback: Arc<str>,
        /// A group with a name like it.
        near: Option<Arc<str>>,
    },
    /// Groups fall back to each other.
    #[error("groups fall back in a cycle: {}", path(.0))]
    Cycle(
        /// The groups on the cycle; the first is also the last.
        Vec<Arc<str>>,
    ),
}

fn hint(near: &Option<Arc<str>>) -> String {
    near.as_ref().map(|near| format!("; did you mean {near:?}?")).unwrap_or_default()
}

fn path(groups: &[Arc<str>]) -> String {
    let names: Vec<&str> = groups.iter().map(|name| &**name).collect();
    names.join(" -> ")
}

/// All groups and their fallbacks.
pub struct Router<P> {
    routes: Vec<Route<P>>,
    by_name: HashMap<Arc<str>, usize>,
    cores: HashMap<Arc<str>, Arc<Core>>,
}

/// A group and the places of the groups that it falls back to.
pub(crate) struct Route<P> {
    pub(crate) group: Arc<Group<P>>,
    any: Vec<usize>,
    context_window: Vec<usize>,
    content_policy: Vec<usize>,
}

impl<P> Route<P> {
    /// The list that applies after a failure of this kind.
    pub(crate) fn fallbacks(&self, kind: FallbackKind) -> &[usize] {
        match kind {
            FallbackKind::Any => &self.any,
            FallbackKind::ContextWindow => &self.context_window,
            FallbackKind::ContentPolicy => &self.content_policy,
            FallbackKind::None => &[],
        }
    }

    fn all(&self) -> impl Iterator<Item = usize> {
        self.any.iter().chain(&self.context_window).chain(&self.content_policy).copied()
    }
}

impl<P> Router<P> {
    /// A router of `groups`, every member new and well. Credentials are taken from the book.
    ///
    /// # Errors
    /// The first fault found: a name, id or weight that cannot be, an unknown fallback, a cycle.
    pub fn new(
        groups: Vec<GroupSpec<P>>,
        credentials: &CredentialBook,
    ) -> Result<Self, RouterError> {
        Self::build(groups, credentials, None)
    }

    /// A router of `groups` that takes this one's place: a member with an id, credential, limits and
    /// breaker policy that are known here keeps its health, its counts and its requests under way.
    ///
    /// # Errors
    /// As [`Router::new`].
    pub fn succeed(
        &self,
        groups: Vec<GroupSpec<P>>,
        credentials: &CredentialBook,
    ) -> Result<Self, RouterError> {
        self.succeed_where(groups, credentials, |_| true)
    }

    /// As [`Router::succeed`], but only members whose ids are `unchanged` keep anything: what the
    /// caller knows to be another place under an old id starts anew.
    ///
    /// # Errors
    /// As [`Router::new`].
    pub fn succeed_where(
        &self,
        groups: Vec<GroupSpec<P>>,
        credentials: &CredentialBook,
        unchanged: impl Fn(&str) -> bool,
    ) -> Result<Self, RouterError> {
        let cores = self.cores.iter().filter(|(id, _)| unchanged(id));
        let cores = cores.map(|(id, core)| (Arc::clone(id), Arc::clone(core))).collect();
        let norms = self.groups().map(|group| (Arc::clone(group.name()), Arc::clone(group.norm())));
        let known = Known { cores, norms: norms.collect() };
        Self::build(groups, credentials, Some(known))
    }

    /// The group with this name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Arc<Group<P>>> {
        self.index(name).and_then(|index| self.route(index)).map(|route| &route.group)
    }

    /// Every group, in the order given.
    pub fn groups(&self) -> impl Iterator<Item = &Arc<Group<P>>> {
        self.routes.iter().map(|route| &route.group)
    }

    pub(crate) fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn route(&self, index: usize) -> Option<&Route<P>> {
        self.routes.get(index)
    }

    fn build(
        groups: Vec<GroupSpec<P>>,
        credentials: &CredentialBook,
        known: Option<Known>,
    ) -> Result<Self, RouterError> {
        let mut by_name = HashMap::with_capacity(groups.len());
        for (index, group) in groups.iter().enumerate() {
            if by_name.insert(Arc::clone(&group.name), index).is_some() {
                return Err(RouterError::DuplicateGroup(Arc::clone(&group.name)));
            }
        }
        let mut cores = Cores { credentials, known, made: HashMap::new() };
        let mut routes = Vec::with_capacity(groups.len());
        for spec in groups {
            routes.push(route(spec, &by_name, &mut cores)?);
        }
        reject_cycles(&routes)?;
        Ok(Self { routes, by_name, cores: cores.made })
    }
}

/// What a router before knew: the states of members by id, and what is usual by group.
struct Known {
    cores: HashMap<Arc<str>, Arc<Core>>,
    norms: HashMap<Arc<str>, Arc<Norm>>,
}

/// The states of members: those of the router before, if there was one, and those of this one.
struct Cores<'a> {
    credentials: &'a CredentialBook,
    known: Option<Known>,
    made: HashMap<Arc<str>, Arc<Core>>,
}

impl Cores<'_> {
    fn core<P>(
        &mut self,
        group: &Arc<str>,
        spec: &MemberSpec<P>,
        policy: &BreakerPolicy,
    ) -> Result<Arc<Core>, RouterError> {
        let fits = |core: &Arc<Core>| core.is_for(&spec.credential, &spec.limits, policy);
        if let Some(core) = self.made.get(&spec.id) {
            let conflict = || RouterError::MemberConflict {
                group: Arc::clone(group),
                member: Arc::clone(&spec.id),
            };
            return fits(core).then(|| Arc::clone(core)).ok_or_else(conflict);
        }
        let before = self.known.as_ref().and_then(|known| known.cores.get(&spec.id));
        let core = before.filter(|core| fits(core)).map_or_else(
            || {
                let credential = self.credentials.credential(&spec.credential);
                Arc::new(Core::new(credential, spec.limits, *policy, self.known.is_some()))
            },
            Arc::clone,
        );
        self.made.insert(Arc::clone(&spec.id), Arc::clone(&core));
        Ok(core)
    }
}

fn route<P>(
    mut spec: GroupSpec<P>,
    by_name: &HashMap<Arc<str>, usize>,
    cores: &mut Cores<'_>,
) -> Result<Route<P>, RouterError> {
    let name = Arc::clone(&spec.name);
    if spec.members.is_empty() {
        return Err(RouterError::EmptyGroup(name));
    }
    let norm = cores.known.as_ref().and_then(|known| known.norms.get(&name));
    let norm = norm.map_or_else(|| Arc::new(Norm::new()), Arc::clone);
    let mut members: Vec<Arc<Member<P>>> = Vec::with_capacity(spec.members.len());
    for member in std::mem::take(&mut spec.members) {
        if members.iter().any(|other| *other.id() == member.id) {
            return Err(RouterError::DuplicateMember { group: name, member: member.id });
        }
        if !(member.weight.is_finite() && member.weight > 0.0) {
            let weight = member.weight;
            return Err(RouterError::Weight { group: name, member: member.id, weight });
        }
        let policy = member.breaker.unwrap_or(spec.breaker);
        let core = cores.core(&name, &member, &policy)?;
        members.push(Arc::new(Member::new(member, core, Arc::clone(&norm))));
    }
    let Fallbacks { any, context_window, content_policy } = std::mem::take(&mut spec.fallbacks);
    let resolve = |list: Vec<Arc<str>>| resolve(&name, list, by_name);
    Ok(Route {
        any: resolve(any)?,
        context_window: resolve(context_window)?,
        content_policy: resolve(content_policy)?,
        group: Arc::new(Group::new(spec, members, norm)),
    })
}

fn resolve(
    group: &Arc<str>,
    list: Vec<Arc<str>>,
    by_name: &HashMap<Arc<str>, usize>,
) -> Result<Vec<usize>, RouterError> {
    let place = |fallback: Arc<str>| {
        by_name.get(&fallback).copied().ok_or_else(|| {
            let near = nearest(&fallback, by_name.keys().map(|name| &**name));
            let near = near.map(Arc::from);
            RouterError::UnknownFallback { group: Arc::clone(group), fallback, near }
        })
    };
    list.into_iter().map(place).collect()
}

/// Depth-first search without recursion: the depth is the configuration's to choose.
fn reject_cycles<P>(routes: &[Route<P>]) -> Result<(), RouterError> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        OnPath,
        Done,
    }
    let mut marks = vec![Mark::New; routes.len()];
    for start in 0..routes.len() {
        let mut path: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut enter = Some(start);
        loop {
            if let Some(index) = enter.take() {
                match marks.get(index) {
                    Some(Mark::OnPath) => return Err(cycle(routes, &path, index)),
                    Some(Mark::New) => {
                        if let (Some(mark), Some(route)) = (marks.get_mut(index), routes.get(index))
                        {
                            *mark = Mark::OnPath;
                            path.push((index, route.all().collect()));
                        }
                    }
                    Some(Mark::Done) | None => {}
                }
            }
            let Some((index, next)) = path.last_mut() else { break };
            enter = next.pop();
            if enter.is_none() {
                if let Some(mark) = marks.get_mut(*index) {
                    *mark = Mark::Done;
                }
                path.pop();
            }
        }
    }
    Ok(())
}

fn cycle<P>(routes: &[Route<P>], path: &[(usize, Vec<usize>)], closes: usize) -> RouterError {
    let places = path.iter().map(|(index, _)| *index).skip_while(|index| *index != closes);
    let names = places.chain([closes]).filter_map(|index| routes.get(index));
    RouterError::Cycle(names.map(|route| Arc::clone(route.group.name())).collect())
}

#[cfg(test)]
mod tests;
