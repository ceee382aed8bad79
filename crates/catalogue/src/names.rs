//! A model's name in any vendor's spelling, and the names under which it may be known.
//!
//! Only what says nothing of the model is taken off: a vendor's prefix, a date, a version of the same
//! snapshot, an inference profile's region. A prefix match would take `gpt-5.4` for `gpt-5`.

/// What stands before a region's name in ids of inference profiles.
const PROFILES: [&str; 10] = ["us", "eu", "apac", "jp", "au", "ca", "sa", "me", "us-gov", "global"];

/// What vendors put before a model's name.
const PREFIXES: [&str; 3] =
    ["models/", "publishers/google/models/", "publishers/anthropic/models/"];

/// The names to look for, in lower case, nearest first: the name as it is, then without what may be
/// left out.
///
/// ```
/// let all = tollgate_catalogue::spellings("us.anthropic.claude-haiku-4-5-20251001-v1:0");
/// assert_eq!(all[0], "us.anthropic.claude-haiku-4-5-20251001-v1:0");
/// assert_eq!(all.last().unwrap(), "anthropic.claude-haiku-4-5");
/// ```
#[must_use]
pub fn spellings(model: &str) -> Vec<String> {
    let lower = model.trim().to_ascii_lowercase();
    let mut all = vec![bare(&lower).to_owned()];
    let mut steps: Vec<fn(&str) -> Option<&str>> = vec![version, date, version, latest];
    let profiled = bare(&lower).to_owned();
    for step in steps.drain(..) {
        let next = all.last().and_then(|last| step(last)).map(str::to_owned);
        all.extend(next);
    }
    if let Some(base) = profile(&profiled) {
        let mut base = vec![base.to_owned()];
        for step in [version, date, version, latest] {
            let next = base.last().and_then(|last| step(last)).map(str::to_owned);
            base.extend(next);
        }
        all.append(&mut base);
    }
    all
}

/// Whether a name is that of a tuned model, whose prices are not its base's.
pub(crate) fn tuned(model: &str) -> Option<&str> {
    let rest = model.strip_prefix("ft:")?;
    rest.split(':').next()
}

/// Without an ARN around it, or a path before it.
fn bare(model: &str) -> &str {
    let model = match model.strip_prefix("arn:").and_then(|_| model.split_once('/')) {
        Some((_, id)) => id,
        None => model,
    };
    PREFIXES.iter().find_map(|prefix| model.strip_prefix(prefix)).unwrap_or(model)
}

/// Without an inference profile's region.
fn profile(model: &str) -> Option<&str> {
    let (prefix, rest) = model.split_once('.')?;
    (PROFILES.contains(&prefix) && rest.contains('.')).then_some(rest)
}

/// Without a version of the same snapshot: `-v1:0`, `-v2`, `:0`.
fn version(model: &str) -> Option<&str> {
    let cut = model.rsplit_once(':').filter(|(_, digits)| is_number(digits)).map(|(rest, _)| rest);
    let rest = cut.unwrap_or(model);
    let versioned = rest.rsplit_once("-v").filter(|(_, digits)| is_number(digits));
    // A version alone is part of the name (`nova-lite-v1`); with a date before it, it is not.
    match versioned {
        Some((rest, _)) if date(rest).is_some() => Some(rest),
        Some(_) | None => cut,
    }
}

/// Without the date of a snapshot: `-20250929`, `-2024-08-06`, `@20250929`.
fn date(model: &str) -> Option<&str> {
    if let Some((rest, day)) = model.rsplit_once(['-', '@'])
        && day.len() == 8
        && is_number(day)
        && day.starts_with("20")
    {
        return Some(rest);
    }
    let at = model.len().checked_sub(11)?;
    let (rest, day) = model.split_at_checked(at)?;
    let bytes = day.as_bytes();
    let dashes = [0, 5, 8].into_iter().all(|at| bytes.get(at) == Some(&b'-'));
    let digits =
        day.bytes().enumerate().all(|(at, b)| [0, 5, 8].contains(&at) || b.is_ascii_digit());
    (dashes && digits && day.starts_with("-20") && !rest.is_empty()).then_some(rest)
}

fn latest(model: &str) -> Option<&str> {
    model.strip_suffix("-latest").or_else(|| model.strip_suffix("@latest"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
