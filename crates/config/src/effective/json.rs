//! Items as JSON for programs: the values as a configuration, and their origins by key path.

use serde_json::{Map, Value, json};

use super::{Item, Shown};
use crate::tree::child_path;

pub(super) fn write(items: &[Item]) -> Value {
    let mut origins = Map::new();
    let config = object(items, "", &mut origins);
    json!({ "config": config, "origins": origins })
}

fn object(items: &[Item], path: &str, origins: &mut Map<String, Value>) -> Value {
    let mut map = Map::new();
    for item in items {
        let path = child_path(path, &item.key);
        if !item.origin.is_empty() {
            origins.insert(path.clone(), json!(item.origin));
        }
        map.insert(item.key.clone(), value(&item.value, &path, origins));
    }
    Value::Object(map)
}

fn value(shown: &Shown, path: &str, origins: &mut Map<String, Value>) -> Value {
    match shown {
        Shown::Text(text) => json!(text),
        Shown::Json(json) => serde_json::from_str(json.as_str()).unwrap_or(Value::Null),
        Shown::Texts(texts) => json!(texts),
        Shown::Map(items) => object(items, path, origins),
        Shown::List(maps) => maps
            .iter()
            .enumerate()
            .map(|(n, items)| object(items, &format!("{path}[{n}]"), origins))
            .collect(),
    }
}
