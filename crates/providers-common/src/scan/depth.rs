//! How deep a body nests, without parsing it: serde_json's skipping reader sets no limit.

/// Whether `json` nests deeper than `max`. Exact for valid JSON; for anything else either answer
/// is possible, for the parser refuses it anyway.
pub(super) fn exceeds(json: &[u8], max: usize) -> bool {
    // Most bodies have fewer brackets than the limit, and counting them is almost free.
    brackets(json) > max && scan(json, max)
}

/// The number of opening brackets and braces, those within strings included.
fn brackets(json: &[u8]) -> usize {
    // `[` and `{` differ in one bit. Blocks of 255 keep the sums in bytes, which vectorizes.
    json.chunks(255)
        .map(|block| usize::from(block.iter().map(|b| u8::from(b | 0x20 == b'{')).sum::<u8>()))
        .sum()
}

fn scan(json: &[u8], max: usize) -> bool {
    let mut depth = 0_usize;
    let mut rest = json;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b'"' => behind_string(tail),
            b'{' | b'[' => {
                depth += 1;
                if depth > max {
                    return true;
                }
                tail
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                tail
            }
            _ => tail,
        };
    }
    false
}

/// What follows a string, given what follows its opening quote.
fn behind_string(mut rest: &[u8]) -> &[u8] {
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        if rest.get(at) == Some(&b'"') {
            return rest.get(at + 1..).unwrap_or_default();
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    &[]
}
