//! Laying one tree over another: maps merge key by key, everything else is replaced.
//!
//! Files are merged exactly; what comes from environment variables is merged by forgiving names,
//! because a variable cannot spell `gpt-4.1`.

use super::{Node, Value};

/// How keys of the upper tree find their partners below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// Letter by letter.
    Exact,
    /// Without case, with `-`, `.`, `/` and `:` as good as `_`; numbers reach into lists.
    Forgiving,
}

/// Lays `upper` over `lower`.
pub(crate) fn merge(lower: &mut Node, upper: Node, names: Names) {
    if let Value::Map(entries) = upper.value {
        match &mut lower.value {
            Value::Map(below) => {
                for entry in entries {
                    let found = below.iter_mut().find(|known| same(&known.key, &entry.key, names));
                    match found {
                        Some(known) => {
                            known.at = entry.at;
                            merge(&mut known.node, entry.node, names);
                        }
                        None => below.push(entry),
                    }
                }
                return;
            }
            Value::List(items) if names == Names::Forgiving => {
                let reaches = |key: &str| key.parse().is_ok_and(|at: usize| at < items.len());
                if entries.iter().all(|entry| reaches(&entry.key)) {
                    for entry in entries {
                        let item = entry.key.parse().ok().and_then(|at: usize| items.get_mut(at));
                        if let Some(item) = item {
                            merge(item, entry.node, names);
                        }
                    }
                    return;
                }
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Broken => {}
        }
        *lower = Node::map(entries, upper.span);
    } else {
        *lower = upper;
    }
}

fn same(below: &str, above: &str, names: Names) -> bool {
    match names {
        Names::Exact => below == above,
        Names::Forgiving => plain(below).eq(plain(above)),
    }
}

fn plain(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().map(|c| match c {
        '-' | '.' | '/' | ':' => '_',
        other => other.to_ascii_lowercase(),
    })
}
