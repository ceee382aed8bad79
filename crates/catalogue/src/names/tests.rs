//! What may be left out of a name, and what may not.

use super::*;

#[test]
fn only_what_says_nothing_of_the_model_is_left_out() {
    for (name, last) in [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("GPT-4o", "gpt-4o"),
        ("gpt-5.4", "gpt-5.4"),
        ("gpt-5.4-mini", "gpt-5.4-mini"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5"),
        ("global.anthropic.claude-opus-5-5", "anthropic.claude-opus-5-5"),
        ("us.custom", "us.custom"),
        ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0",
            "anthropic.claude-haiku-4-5",
        ),
        ("o3-99999999", "o3-99999999"),
        ("-2024-08-06", "-2024-08-06"),
        ("", ""),
        ("é-20250101", "é"),
    ] {
        assert_eq!(spellings(name).last().unwrap(), last, "{name}");
    }
}

#[test]
fn the_nearest_spelling_is_first() {
    assert_eq!(
        spellings("us.anthropic.claude-haiku-4-5-20251001-v1:0"),
        [
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "us.anthropic.claude-haiku-4-5-20251001",
            "us.anthropic.claude-haiku-4-5",
            "anthropic.claude-haiku-4-5-20251001-v1:0",
            "anthropic.claude-haiku-4-5-20251001",
            "anthropic.claude-haiku-4-5",
        ]
    );
}
