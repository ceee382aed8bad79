//! The many shapes in which servers report an error, read into one.
//!
//! Known: OpenAI's `error` object, also in a list (Gemini) or with numbers as codes (OpenRouter);
//! `error` as a string (Ollama); the fields at top level (old vLLM, SiliconFlow, Mistral);
//! `detail` as text or a list (FastAPI); `errors` as a list (Cloudflare); `base_resp` (MiniMax);
//! a bare JSON string (SiliconFlow).

use serde_json::{Map, Value};

/// What an error says, before it is classified.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// For people. Never empty once read.
    pub(crate) message: String,
    /// For programs; numbers as text.
    pub(crate) code: Option<String>,
    /// OpenAI's `type`, Google's `status`.
    pub(crate) kind: Option<String>,
    /// The parameter at fault.
    pub(crate) param: Option<String>,
}

/// Reads any known shape; `None` where `value` reports no error.
pub(crate) fn read(value: &Value) -> Option<Envelope> {
    match value {
        Value::String(text) => said(text),
        Value::Array(list) => list.first().filter(|first| first.is_object()).and_then(read),
        Value::Object(map) => from_object(map),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn said(text: &str) -> Option<Envelope> {
    let text = text.trim();
    (!text.is_empty()).then(|| Envelope { message: text.to_owned(), ..Envelope::default() })
}

fn from_object(map: &Map<String, Value>) -> Option<Envelope> {
    if let Some(error) = map.get("error").filter(|error| speaks(error)) {
        return Some(from_error(error, map));
    }
    if let Some(failed) = choice_error(map) {
        return Some(from_error(failed, map));
    }
    if let Some(detail) = map.get("detail").filter(|detail| speaks(detail)) {
        return Some(from_detail(detail));
    }
    if let Some(first) = map.get("errors").and_then(Value::as_array).and_then(|all| all.first()) {
        return Some(from_error(first, map));
    }
    if let Some(base) = map.get("base_resp").and_then(Value::as_object) {
        return from_base_resp(base);
    }
    from_top_level(map)
}

/// Whether a field says anything at all.
fn speaks(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

fn choice_error(map: &Map<String, Value>) -> Option<&Value> {
    let choices = map.get("choices")?.as_array()?;
    choices.iter().filter_map(|choice| choice.get("error")).find(|error| speaks(error))
}

/// Reads an `error` value; what it lacks is looked for beside it.
fn from_error(error: &Value, around: &Map<String, Value>) -> Envelope {
    let Value::Object(fields) = error else {
        let message = text_of(Some(error)).unwrap_or_else(|| error.to_string());
        return Envelope {
            message,
            code: scalar(around.get("code")),
            kind: scalar(around.get("type")),
            param: None,
        };
    };
    let code = scalar(fields.get("code"))
        .or_else(|| scalar(fields.get("error_code")))
        .or_else(|| scalar(around.get("code")));
    Envelope {
        message: message_in(fields)
            .or_else(|| text_of(around.get("message")))
            .unwrap_or_else(|| "the vendor gave no message".to_owned()),
        code,
        kind: scalar(fields.get("type")).or_else(|| scalar(fields.get("status"))),
        param: text_of(fields.get("param")),
    }
}

fn from_detail(detail: &Value) -> Envelope {
    let first = detail.as_array().and_then(|list| list.first()).unwrap_or(detail);
    let Value::Object(fields) = first else {
        let message = text_of(Some(first)).unwrap_or_else(|| first.to_string());
        return Envelope { message, ..Envelope::default() };
    };
    let param = fields.get("loc").and_then(Value::as_array).map(|path| location(path));
    Envelope {
        message: text_of(fields.get("msg"))
            .or_else(|| message_in(fields))
            .unwrap_or_else(|| detail.to_string()),
        code: scalar(fields.get("code")),
        kind: scalar(fields.get("type")),
        param: param.filter(|path| !path.is_empty()),
    }
}

/// FastAPI's `["body","messages",0,"role"]` as `messages[0].role`.
fn location(path: &[Value]) -> String {
    let mut out = String::new();
    for step in path.iter().skip_while(|step| step.as_str() == Some("body")) {
        match step {
            Value::Number(index) => out.push_str(&format!("[{index}]")),
            Value::String(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
        }
    }
    out
}

fn from_base_resp(base: &Map<String, Value>) -> Option<Envelope> {
    let code = scalar(base.get("status_code")).filter(|code| code != "0")?;
    let message =
        text_of(base.get("status_msg")).unwrap_or_else(|| "the vendor gave no message".to_owned());
    Some(Envelope { message, code: Some(code), ..Envelope::default() })
}

fn from_top_level(map: &Map<String, Value>) -> Option<Envelope> {
    // An answer may carry a `message` of its own; an error has no choices and no data.
    if ["choices", "data"].iter().any(|key| map.get(*key).is_some_and(speaks)) {
        return None;
    }
    Some(Envelope {
        message: message_in(map)?,
        code: scalar(map.get("code")).or_else(|| scalar(map.get("error_code"))),
        kind: scalar(map.get("type")).or_else(|| scalar(map.get("status"))),
        param: text_of(map.get("param")),
    })
}

fn message_in(fields: &Map<String, Value>) -> Option<String> {
    ["message", "msg", "error_msg", "errorMessage", "title"]
        .iter()
        .find_map(|key| text_of(fields.get(*key)))
        .or_else(|| {
            // Some put a list or an object where a text should be.
            let odd = fields.get("message").filter(|message| speaks(message))?;
            Some(odd.to_string())
        })
}

fn text_of(value: Option<&Value>) -> Option<String> {
    value?.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn scalar(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Option<Envelope> {
        read(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn every_known_shape_is_read() {
        let some = |text: &str| Some(text.to_owned());
        let table = [
            (
                r#"{"error":{"message":"m","type":"t","param":"p","code":"c"}}"#,
                ("m", some("c"), some("t"), some("p")),
            ),
            (r#"{"error":{"message":"m","code":429}}"#, ("m", some("429"), None, None)),
            (r#"{"error":"model not found"}"#, ("model not found", None, None, None)),
            (
                r#"[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]"#,
                ("m", some("400"), some("INVALID_ARGUMENT"), None),
            ),
            (
                r#"{"object":"error","message":"m","type":"BadRequestError","param":null,"code":400}"#,
                ("m", some("400"), some("BadRequestError"), None),
            ),
            (
                r#"{"code":20012,"message":"no model","data":null}"#,
                ("no model", some("20012"), None, None),
            ),
            (r#""Invalid token""#, ("Invalid token", None, None, None)),
            (r#"{"detail":"Not Found"}"#, ("Not Found", None, None, None)),
            (
                r#"{"detail":[{"loc":["body","messages",0,"role"],"msg":"bad","type":"enum"}]}"#,
                ("bad", None, some("enum"), some("messages[0].role")),
            ),
            (
                r#"{"success":false,"errors":[{"code":7003,"message":"no route"}]}"#,
                ("no route", some("7003"), None, None),
            ),
            (
                r#"{"base_resp":{"status_code":1008,"status_msg":"no money"}}"#,
                ("no money", some("1008"), None, None),
            ),
            (
                r#"{"choices":[{"error":{"code":502,"message":"gone"},"finish_reason":"error"}]}"#,
                ("gone", some("502"), None, None),
            ),
            (r#"{"error_code":17,"error_msg":"daily"}"#, ("daily", some("17"), None, None)),
        ];
        for (json, (message, code, kind, param)) in table {
            let expected = Envelope { message: message.to_owned(), code, kind, param };
            assert_eq!(parse(json), Some(expected), "{json}");
        }
    }

    #[test]
    fn an_answer_is_no_error() {
        for json in [
            r#"{"choices":[{"message":{"content":"hi"}}],"message":"ok"}"#,
            r#"{"data":[{}],"message":"ok"}"#,
            r#"{"error":null,"choices":[]}"#,
            r#"{"error":{},"id":"x"}"#,
            r#"{"base_resp":{"status_code":0,"status_msg":"success"}}"#,
            "{}",
            "[]",
            "null",
            "7",
            r#""""#,
        ] {
            assert_eq!(parse(json), None, "{json}");
        }
    }
}
