//! What each getter says of each kind of value, and where.

use super::*;
use serde_json::json;

fn said<T: std::fmt::Debug>(result: Result<T, BadRequest>) -> String {
    result.unwrap_err().message
}

#[test]
fn values_of_the_right_type() {
    let value = json!({"s":"x","b":true,"u":7,"i":-7,"f":0.5,"a":[1],"o":{"k":1},"n":null});
    let root = Node::root(&value);
    assert_eq!(root.get("s").str(), Ok("x"));
    assert_eq!(root.get("b").bool(), Ok(true));
    assert_eq!(root.get("u").u64(), Ok(7));
    assert_eq!(root.get("i").i64(), Ok(-7));
    assert_eq!(root.get("f").f64(), Ok(0.5));
    assert_eq!(root.get("u").f64(), Ok(7.0));
    assert_eq!(root.get("a").array().unwrap().len(), 1);
    assert_eq!(root.get("o").object().unwrap().len(), 1);
    for key in ["n", "missing"] {
        let node = root.get(key);
        assert!(node.is_absent());
        assert_eq!(node.opt_str(), Ok(None));
        assert_eq!(node.opt_bool(), Ok(None));
        assert_eq!(node.opt_u64(), Ok(None));
        assert_eq!(node.opt_i64(), Ok(None));
        assert_eq!(node.opt_f64(), Ok(None));
        assert_eq!(node.opt_array(), Ok(None));
        assert_eq!(node.opt_object(), Ok(None));
        assert_eq!(node.items().unwrap().count(), 0);
        assert_eq!(node.fields().unwrap().count(), 0);
    }
}

#[test]
fn wrong_types_are_named() {
    let value = json!({"n":null,"b":true,"i":-1,"f":1.5,"s":"1","a":[],"o":{}});
    let root = Node::root(&value);
    assert_eq!(said(root.get("i").str()), "`i` must be a string, got a number");
    assert_eq!(said(root.get("b").opt_str()), "`b` must be a string, got a boolean");
    assert_eq!(said(root.get("s").bool()), "`s` must be a boolean, got a string");
    assert_eq!(said(root.get("i").u64()), "`i` must be a non-negative integer, got -1");
    assert_eq!(said(root.get("f").i64()), "`f` must be an integer, got 1.5");
    assert_eq!(said(root.get("s").f64()), "`s` must be a number, got a string");
    assert_eq!(said(root.get("a").object()), "`a` must be an object, got an array");
    assert_eq!(said(root.get("o").array()), "`o` must be an array, got an object");
    assert_eq!(said(root.get("n").str()), "`n` is required");
    assert_eq!(said(root.get("x").get("y").u64()), "`x.y` is required");
}

#[test]
fn errors_carry_the_path() {
    let value = json!({"messages":[{"role":"user"},{"content":[{"type":1}]}]});
    let root = Node::root(&value);
    let messages = root.get("messages");
    let last = messages.items().unwrap().last().unwrap();
    assert_eq!(said(last.get("role").str()), "`messages[1].role` is required");
    let content = last.get("content");
    let part = content.items().unwrap().next().unwrap();
    let error = part.get("type").str().unwrap_err();
    assert_eq!(error.param.as_deref(), Some("messages[1].content[0].type"));
    assert_eq!(error.code, "invalid_request");
    let (key, field) = part.fields().unwrap().next().unwrap();
    assert_eq!((key, field.path().as_str()), ("type", "messages[1].content[0].type"));
    let inner = json!({"a":1});
    let named = Node::named("tools[2]", &inner);
    assert_eq!(said(named.get("a").str()), "`tools[2].a` must be a string, got a number");
}

#[test]
fn the_body_itself_can_be_wrong() {
    let value = json!([1]);
    let error = Node::root(&value).object().unwrap_err();
    assert_eq!(error.message, "the body must be an object, got an array");
    assert_eq!(error.param, None);
}
