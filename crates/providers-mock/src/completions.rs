//! `POST /completions`: the legacy dialect of raw prompts.

use serde_json::{Value, json};

use crate::limits::{Limited, Limits};
use crate::tokens;
use crate::wire::{Answer, CREATED, Context, Frame, Refusal, Spent, member, model, streaming};

/// Most prompts times choices of one request.
const MAX_ANSWERS: u64 = 64;

/// The answer to a completion request.
///
/// # Errors
/// When a field that the mock reads is missing or wrong.
pub(crate) fn answer(body: &Value, context: Context<'_>) -> Result<Answer, Refusal> {
    let model = model(body)?;
    let prompts = prompts(body)?;
    let n = match member(body, "n") {
        Some(n) => n.as_u64().filter(|n| (1..=MAX_ANSWERS).contains(n)),
        None => Some(1),
    };
    let n = n.ok_or_else(|| Refusal::new("n", "Invalid 'n': expected a small positive integer"))?;
    let echo = member(body, "echo").and_then(Value::as_bool).unwrap_or(false);
    let limits = Limits::read(body, &["max_tokens"])?;
    let count = u64::try_from(prompts.len()).unwrap_or(u64::MAX);
    if count.saturating_mul(n) > MAX_ANSWERS {
        return Err(Refusal::new("prompt", "Too many prompts and choices for a mock"));
    }
    let say = |prompt: &String| {
        let mut said = limits.apply(&continuation(&model, prompt, context));
        if echo {
            said.pieces.insert(0, prompt.clone());
        }
        said
    };
    let each = |prompt: &String| (0..n).map(|_| say(prompt)).collect::<Vec<_>>();
    let answers: Vec<Limited> = prompts.iter().flat_map(each).collect();
    let input = prompts.iter().map(|prompt| tokens::count(prompt)).sum();
    Ok(render(&Head { id: context.id("cmpl-"), model }, &answers, input, streaming(body)))
}

fn continuation(model: &str, prompt: &str, context: Context<'_>) -> String {
    let label = context.label;
    format!(" This is `{label}`, a mock deployment of {model}. The prompt was: {prompt}")
}

/// The prompts: one text, several, one list of token ids, or several.
fn prompts(body: &Value) -> Result<Vec<String>, Refusal> {
    let wrong = || Refusal::new("prompt", "Invalid 'prompt': expected text or token ids");
    let prompt = member(body, "prompt").ok_or_else(wrong)?;
    texts(prompt).filter(|texts| !texts.is_empty()).ok_or_else(wrong)
}

/// The texts of a prompt or an input; token ids become their decimal words.
pub(crate) fn texts(value: &Value) -> Option<Vec<String>> {
    if let Some(text) = value.as_str() {
        return Some(vec![text.to_owned()]);
    }
    let list = value.as_array()?;
    if !list.is_empty() && list.iter().all(Value::is_u64) {
        return Some(vec![ids(list)?]);
    }
    let text = |item: &Value| match item.as_array() {
        Some(list) => ids(list),
        None => item.as_str().map(str::to_owned),
    };
    list.iter().map(text).collect()
}

fn ids(list: &[Value]) -> Option<String> {
    let ids: Option<Vec<String>> =
        list.iter().map(|id| id.as_u64().map(|id| id.to_string())).collect();
    ids.filter(|ids| !ids.is_empty()).map(|ids| ids.join(" "))
}

struct Head {
    id: String,
    model: String,
}

fn render(head: &Head, answers: &[Limited], input: u64, stream: (bool, bool)) -> Answer {
    let output: usize = answers.iter().map(|answer| answer.pieces.len()).sum();
    let spent = Spent { input, output: u64::try_from(output).unwrap_or(u64::MAX) };
    let numbered = answers.iter().enumerate();
    let (true, include_usage) = stream else {
        let choices = numbered
            .map(|(index, answer)| choice(index, &answer.pieces.concat(), Some(answer.finish)));
        let mut body = head.object(choices.collect());
        if let Some(object) = body.as_object_mut() {
            object.insert("usage".to_owned(), spent.usage());
        }
        return Answer::Whole { status: 200, body, spent };
    };
    let mut frames = Vec::new();
    for (index, answer) in numbered {
        for piece in &answer.pieces {
            let json = head.object(vec![choice(index, piece, None)]);
            frames.push(Frame { json, tokens: 1 });
        }
        let json = head.object(vec![choice(index, "", Some(answer.finish))]);
        frames.push(Frame { json, tokens: 0 });
    }
    if include_usage {
        frames.push(Frame { json: head.object(Vec::new()), tokens: 0 });
        let last = frames.len() - 1;
        for (at, frame) in frames.iter_mut().enumerate() {
            let usage = if at == last { spent.usage() } else { Value::Null };
            if let Some(object) = frame.json.as_object_mut() {
                object.insert("usage".to_owned(), usage);
            }
        }
    }
    Answer::Stream { frames, input_tokens: input }
}

fn choice(index: usize, text: &str, finish: Option<&str>) -> Value {
    json!({"index": index, "text": text, "logprobs": null, "finish_reason": finish})
}

impl Head {
    fn object(&self, choices: Vec<Value>) -> Value {
        let Self { id, model } = self;
        json!({
            "id": id,
            "object": "text_completion",
            "created": CREATED,
            "model": model,
            "choices": choices,
        })
    }
}

#[cfg(test)]
mod tests;
