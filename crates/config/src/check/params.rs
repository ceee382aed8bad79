//! Parameters to add, rename and remove, layer over layer.

use tollgate_core_types::JsonText;

use super::section;
use crate::read::{At, Holds, Section, decide};
use crate::report::Report;
use crate::types::Params;

/// Fields of a request that the gateway itself reads and writes; rules on them would make it say
/// one thing and do another.
const OURS: [&str; 5] = ["model", "messages", "stream", "input", "load_balance_strategy"];

/// Sampling parameters that other systems put beside the model's name.
const BESIDE: [&str; 4] = ["temperature", "max_tokens", "top_p", "max_completion_tokens"];

/// Reads `default_params`, `params` and the parameters that may stand beside them.
pub(super) fn read(given: &mut Section<'_>, report: &mut Report) -> Params {
    let mut params = Params::default();
    let all = given.take(&["default_params"], report);
    if let Some(all) = &all {
        params.defaults = values(all, report);
    }
    for name in BESIDE {
        let Some(at) = given.take(&[name], report) else { continue };
        let inside = all.as_ref().and_then(|all| all.child(name));
        match inside.map(|inside| decide(&inside, &at, report)) {
            Some(Holds::First) => continue,
            Some(Holds::Twice) => {
                let hint = "keep one of them";
                at.problem_hint(report, "`default_params` says the same", hint);
                continue;
            }
            Some(Holds::Second) | None => params.defaults.retain(|(known, _)| known != name),
        }
        if let Some(number) = at.number_json(report) {
            params.defaults.push((name.to_owned(), number));
        }
    }
    if let Some(mut rules) = section(given, &["params"], report) {
        if let Some(at) = rules.take(&["rename"], report) {
            params.rename = renames(&at, report);
        }
        if let Some(at) = rules.take(&["remove"], report) {
            let names = at.texts(report);
            let free = names.iter().filter(|(at, name)| is_free(at, name, report));
            params.remove = free.map(|(_, name)| (*name).to_owned()).collect();
        }
        if let Some(at) = rules.take(&["set", "extra"], report) {
            params.set = values(&at, report);
        }
        rules.finish(report);
    }
    params
}

/// `upper` over `lower`: the upper layer's word on a parameter wins.
pub(super) fn over(upper: &Params, lower: &Params) -> Params {
    let Params { defaults, rename, remove, set } = upper;
    let mut removed = lower.remove.clone();
    removed.extend(remove.iter().filter(|name| !lower.remove.contains(name)).cloned());
    Params {
        defaults: lay(defaults, &lower.defaults),
        rename: lay(rename, &lower.rename),
        remove: removed,
        set: lay(set, &lower.set),
    }
}

/// The rules without what they add to a request.
pub(super) fn without_additions(params: Params) -> Params {
    let Params { defaults: _, rename, remove, set: _ } = params;
    Params { defaults: Vec::new(), rename, remove, set: Vec::new() }
}

pub(super) fn lay<T: Clone>(upper: &[(String, T)], lower: &[(String, T)]) -> Vec<(String, T)> {
    let below = lower.iter().filter(|(name, _)| !upper.iter().any(|(over, _)| over == name));
    below.chain(upper).cloned().collect()
}

fn values(at: &At<'_>, report: &mut Report) -> Vec<(String, JsonText)> {
    let mut values = Vec::new();
    for (entry, value) in at.entries(report) {
        if is_free(&value, &entry.key, report) {
            values.extend(value.json().map(|json| (entry.key.clone(), json)));
        }
    }
    values
}

fn renames(at: &At<'_>, report: &mut Report) -> Vec<(String, String)> {
    let mut renames: Vec<(String, String)> = Vec::new();
    for (entry, value) in at.entries(report) {
        let Some(to) = value.text(report) else { continue };
        if !is_free(&value, &entry.key, report) || !is_free(&value, to, report) {
            continue;
        }
        if to == entry.key {
            value.problem(report, "renames a parameter to itself");
            continue;
        }
        if renames.iter().any(|(_, known)| known == to) {
            value.problem(report, "two parameters get the same name");
            continue;
        }
        renames.push((entry.key.clone(), to.to_owned()));
    }
    renames
}

fn is_free(at: &At<'_>, name: &str, report: &mut Report) -> bool {
    if name.is_empty() {
        at.problem(report, "a parameter has no name");
        return false;
    }
    if OURS.contains(&name) {
        let message = format!("`{name}` belongs to the gateway and cannot be ruled here");
        at.problem(report, message);
        return false;
    }
    true
}
