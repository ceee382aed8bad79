//! A domain reply as a whole response.

use bytes::Bytes;
use tollgate_core_types::reply::{ChatReply, ReplyPart};
use tollgate_providers_common::RenderContext;

use super::object::{Content, Echo, Head, Item, Maker, State};

/// Writes a whole answer.
pub(super) fn whole(reply: &ChatReply, context: &RenderContext, echo: Echo) -> Bytes {
    let ChatReply { id, model, created, parts, finish, usage, service_tier } = reply;
    let maker = Maker::new(Head::new(id, model, *created, context), echo);
    let state = State::of(finish);
    let output = items(parts, &maker.head, state);
    let object = maker.object(state, &output, usage, service_tier.as_deref());
    // Our own types always serialize.
    Bytes::from(serde_json::to_vec(&object).unwrap_or_default())
}

/// Text and refusal that follow one another are one message; everything else is an item of its own.
fn items(parts: &[ReplyPart], head: &Head, state: State) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for part in parts {
        let at = items.len();
        match part {
            ReplyPart::Text(text) => say(&mut items, head, Content::text(text.clone())),
            ReplyPart::Refusal(text) => {
                say(&mut items, head, Content::Refusal { refusal: text.clone() });
            }
            ReplyPart::Reasoning(part) => items.push(Item::of_reasoning(head, at, part)),
            ReplyPart::ToolCall(call) => items.push(Item::of_call(head, at, call)),
        }
    }
    if let Some(last) = items.last_mut() {
        last.finish(state.of_items());
    }
    items
}

fn say(items: &mut Vec<Item>, head: &Head, said: Content) {
    if !matches!(items.last(), Some(Item::Message { .. })) {
        let mut message = Item::message(head, items.len());
        message.finish(super::object::Status::Completed);
        items.push(message);
    }
    if let Some(Item::Message { content, .. }) = items.last_mut() {
        content.push(said);
    }
}
