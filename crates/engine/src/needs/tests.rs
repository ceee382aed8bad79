//! What counts as a need, and what is said where nobody meets it.

use super::*;
use tollgate_core_types::chat::{MediaSource, Message, Role, Tool};

fn user(parts: Vec<Part>) -> ChatRequest {
    let message = Message { role: Role::User, parts, name: None };
    ChatRequest { messages: vec![message], ..ChatRequest::default() }
}

fn image() -> Part {
    Part::Image { source: MediaSource::Url("https://e/a.png".into()), detail: None, cache: None }
}

#[test]
fn parts_are_found_wherever_they_stand() {
    let document =
        Part::Document { source: MediaSource::FileId("f".into()), title: None, cache: None };
    let result = Part::ToolResult {
        call_id: "c".into(),
        parts: vec![image(), document],
        is_error: false,
        cache: None,
    };
    let content = Content::of(&user(vec![Part::text("look"), result]));
    assert!(content.images && content.documents && !content.audio);
    let sound = Part::Audio { data: "AA".into(), format: "wav".into() };
    assert!(Content::of(&user(vec![sound])).audio);
}

#[test]
fn only_what_must_be_followed_counts_as_forced() {
    let choose = |choice| {
        let tool_choice = Some(choice);
        Content::of(&ChatRequest { tool_choice, ..user(Vec::new()) }).forced_tools
    };
    assert!(choose(ToolChoice::Required) && choose(ToolChoice::Named("f".into())));
    assert!(!choose(ToolChoice::Auto) && !choose(ToolChoice::None));
    let tools = vec![Tool {
        name: "f".into(),
        description: None,
        parameters: None,
        strict: Some(true),
        cache: None,
        foreign: None,
    }];
    assert!(!Content::of(&ChatRequest { tools, ..user(Vec::new()) }).forced_tools);
}

#[test]
fn a_prompts_bound_is_below_what_any_tokenizer_makes_of_it() {
    let tokens = |text: &str| Content::of(&user(vec![Part::text(text)])).tokens;
    // Four bytes a token is what texts take; the bound is at a quarter of that.
    let prose = "The quick brown fox jumps over the lazy dog. ".repeat(1000);
    assert!((2000..4000).contains(&tokens(&prose)), "{}", tokens(&prose));
    // Runs are one token for many characters, whatever the character.
    assert_eq!(tokens(&" ".repeat(100_000)), 0);
    assert_eq!(tokens(&"=".repeat(100_000)), 0);
    assert_eq!(tokens(&"ä".repeat(100_000)), 0);
    assert_eq!(tokens(""), 0);
    // Data of pictures is no text.
    let data = "iVBORw0KGgo".repeat(10_000);
    let source = MediaSource::Base64 { media_type: "image/png".into(), data };
    let picture = Part::Image { source, detail: None, cache: None };
    assert_eq!(Content::of(&user(vec![picture])).tokens, 0);
}

#[test]
fn one_need_is_told_as_such_and_several_each_by_its_deployment() {
    let (images, longer) = (Need::Images.refusal(), Need::MaxOutput.refusal());
    for (refused, message, need) in [
        (
            vec![("a", images, None), ("b", images, None)],
            "no deployment of \"m\" takes images: a, b",
            Some(Need::Images),
        ),
        (
            vec![("a", longer, Some(4096)), ("b", longer, Some(8192))],
            "no deployment of \"m\" gives answers of so many tokens: a (at most 4096), \
             b (at most 8192)",
            Some(Need::MaxOutput),
        ),
        (
            vec![("a", images, None), ("b", longer, Some(8192))],
            "no deployment of \"m\" can serve this request: a (its model takes no images), \
             b (its model gives no answers of so many tokens, at most 8192)",
            None,
        ),
        (
            vec![("a", "its vendor does not serve this operation", None)],
            "no deployment of \"m\" can serve this request: \
             a (its vendor does not serve this operation)",
            None,
        ),
    ] {
        assert_eq!(unserved("m", &refused), (message.to_owned(), need));
    }
}

#[test]
fn every_need_is_told_apart_by_its_refusal() {
    for need in Need::ALL {
        assert_eq!(Need::of(need.refusal()), Some(need));
    }
    assert_eq!(Need::of("busy"), None);
}
