//! Which deployments there are, so that none that is gone goes on showing its last state.
//!
//! The exporter forgets no series. A counter of the past stays true; a gauge that says "open" of a
//! deployment which a reload removed does not. Such gauges are left out of the page.

use std::collections::{HashMap, HashSet};

/// What the families begin with whose samples are states of one deployment.
const STATES: &str = "tollgate_deployment_";

/// Deployments with handles, and those that had some.
#[derive(Debug, Default)]
pub(super) struct Living {
    handles: HashMap<String, usize>,
    gone: HashSet<String>,
}

impl Living {
    /// Handles of `deployment` were made.
    pub(super) fn enter(&mut self, deployment: &str) {
        self.gone.remove(deployment);
        match self.handles.get_mut(deployment) {
            Some(handles) => *handles += 1,
            None => {
                self.handles.insert(deployment.to_owned(), 1);
            }
        }
    }

    /// One set of handles of `deployment` is gone.
    pub(super) fn leave(&mut self, deployment: &str) {
        let Some(handles) = self.handles.get_mut(deployment) else { return };
        *handles -= 1;
        if *handles == 0 {
            self.handles.remove(deployment);
            self.gone.insert(deployment.to_owned());
        }
    }

    /// The page without the states of deployments that are no more.
    pub(super) fn shown(&self, page: String) -> String {
        if self.gone.is_empty() {
            return page;
        }
        let stale = |line: &str| {
            line.starts_with(STATES)
                && named(line).is_some_and(|deployment| self.gone.contains(&deployment))
        };
        page.split_inclusive('\n').filter(|line| !stale(line)).collect()
    }
}

/// The value of the label `deployment`, as it was before it was escaped.
fn named(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("deployment=\"")?;
    let mut name = String::new();
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return Some(name),
            '\\' => match characters.next()? {
                'n' => name.push('\n'),
                escaped => name.push(escaped),
            },
            plain => name.push(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_what_is_gone_are_left_out_and_counts_stay() {
        let page = "# TYPE tollgate_deployment_state gauge\n\
                    tollgate_deployment_state{deployment=\"a\"} 2\n\
                    tollgate_deployment_state{deployment=\"odd \\\"\\\\\\n\"} 1\n\
                    tollgate_attempts_total{deployment=\"a\"} 7\n";
        let mut living = Living::default();
        for name in ["a", "a", "odd \"\\\n"] {
            living.enter(name);
        }
        living.leave("a");
        assert_eq!(living.shown(page.to_owned()), page, "one of the two is left");
        living.leave("a");
        living.leave("odd \"\\\n");
        let lines: Vec<_> = page.lines().collect();
        assert_eq!(living.shown(page.to_owned()).lines().collect::<Vec<_>>(), [lines[0], lines[3]]);
        living.enter("a");
        assert_eq!(living.shown(page.to_owned()).lines().count(), 3, "it came back");
    }
}
