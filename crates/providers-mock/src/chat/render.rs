//! Writes a turn as a `chat.completion` or as `chat.completion.chunk` frames.

use serde_json::{Map, Value, json};

use crate::chat::tools::Call;
use crate::chat::{Ask, Turn};
use crate::tokens;
use crate::wire::{Answer, CREATED, Context, Frame, Spent};

/// The answer that says `turn` in each of the wanted choices.
pub(super) fn answer(ask: &Ask, turn: &Turn, input_tokens: u64, context: Context<'_>) -> Answer {
    let head = Head { id: context.id("chatcmpl-"), ask, context };
    // One choice's deltas say how much it takes, whichever way it is written.
    let deltas = deltas(turn);
    let each: u64 = deltas.iter().map(|(_, tokens)| tokens).sum();
    let spent = Spent { input: input_tokens, output: each.saturating_mul(ask.choices) };
    if !ask.stream {
        return Answer::Whole { status: 200, body: head.whole(turn, spent), spent };
    }
    let mut frames = Vec::new();
    for index in 0..ask.choices {
        for (delta, tokens) in &deltas {
            frames.push(Frame { json: head.chunk(index, delta, None), tokens: *tokens });
        }
        frames.push(Frame { json: head.chunk(index, &json!({}), Some(finish(turn))), tokens: 0 });
    }
    if ask.include_usage {
        frames.push(Frame { json: head.envelope(Vec::new(), spent.usage()), tokens: 0 });
    }
    Answer::Stream { frames, input_tokens }
}

/// OpenAI's word for why the turn ends.
fn finish(turn: &Turn) -> &'static str {
    match turn {
        Turn::Text(limited) => limited.finish,
        Turn::Calls(_) => "tool_calls",
    }
}

/// The deltas of a turn without its finish, each with its tokens of content.
fn deltas(turn: &Turn) -> Vec<(Value, u64)> {
    match turn {
        Turn::Text(limited) => {
            let role = (json!({"role": "assistant", "content": "", "refusal": null}), 0);
            let texts = limited.pieces.iter().map(|piece| (json!({"content": piece}), 1));
            std::iter::once(role).chain(texts).collect()
        }
        Turn::Calls(calls) => {
            let role = (json!({"role": "assistant", "content": null, "refusal": null}), 0);
            let calls = calls.iter().enumerate().flat_map(|(index, call)| call_deltas(index, call));
            std::iter::once(role).chain(calls).collect()
        }
    }
}

fn call_deltas(index: usize, call: &Call) -> Vec<(Value, u64)> {
    let Call { id, name, arguments } = call;
    let start = json!({"tool_calls": [{
        "index": index, "id": id, "type": "function",
        "function": {"name": name, "arguments": ""},
    }]});
    let fragment =
        |piece: &str| json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]});
    let fragments = tokens::pieces(arguments).into_iter().map(|piece| (fragment(piece), 1));
    std::iter::once((start, tokens::count(name))).chain(fragments).collect()
}

/// What all parts of one answer share.
struct Head<'a> {
    id: String,
    ask: &'a Ask,
    context: Context<'a>,
}

impl Head<'_> {
    fn chunk(&self, index: u64, delta: &Value, finish: Option<&str>) -> Value {
        let choice =
            json!({"index": index, "delta": delta, "logprobs": null, "finish_reason": finish});
        self.envelope(vec![choice], Value::Null)
    }

    /// A chunk; with usage asked for, every chunk has the member.
    fn envelope(&self, choices: Vec<Value>, usage: Value) -> Value {
        let mut object = self.common("chat.completion.chunk", choices);
        if self.ask.include_usage {
            object.insert("usage".to_owned(), usage);
        }
        Value::Object(object)
    }

    fn whole(&self, turn: &Turn, spent: Spent) -> Value {
        let choice = |index: u64| {
            json!({
                "index": index,
                "message": message(turn),
                "logprobs": null,
                "finish_reason": finish(turn),
            })
        };
        let mut object =
            self.common("chat.completion", (0..self.ask.choices).map(choice).collect());
        object.insert("usage".to_owned(), spent.usage());
        Value::Object(object)
    }

    fn common(&self, kind: &str, choices: Vec<Value>) -> Map<String, Value> {
        let fields = [
            ("id", Value::from(self.id.as_str())),
            ("object", Value::from(kind)),
            ("created", Value::from(CREATED)),
            ("model", Value::from(self.ask.model.as_str())),
            ("system_fingerprint", Value::from(format!("mock-{}", self.context.label))),
            ("service_tier", Value::from("default")),
            ("choices", Value::from(choices)),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

fn message(turn: &Turn) -> Value {
    match turn {
        Turn::Text(limited) => json!({
            "role": "assistant",
            "content": limited.pieces.concat(),
            "refusal": null,
            "annotations": [],
        }),
        Turn::Calls(calls) => {
            let call = |call: &Call| {
                json!({
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                })
            };
            let calls: Vec<Value> = calls.iter().map(call).collect();
            json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": calls})
        }
    }
}
