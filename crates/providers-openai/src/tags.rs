//! Reasoning that stands in the text itself, between `<think>` and `</think>`.
//!
//! Servers without a parser for their model's reasoning leave it there. Only the beginning of an
//! answer is looked at: a tag further on is something that the model talks about.

use tollgate_core_types::Dialect;
use tollgate_core_types::chat::ReasoningPart;
use tollgate_core_types::reply::ReplyPart;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// A piece of an answer's text.
#[derive(Debug)]
pub(crate) enum Said {
    /// Within the tags.
    Thought(String),
    /// The answer.
    Text(String),
}

/// The parts with the reasoning of their first text set apart.
pub(crate) fn set_apart(parts: Vec<ReplyPart>) -> Vec<ReplyPart> {
    let mut out = Vec::with_capacity(parts.len() + 1);
    let mut parts = parts.into_iter();
    match parts.next() {
        Some(ReplyPart::Text(text)) => {
            let mut tags = Tags::default();
            let mut events = Vec::new();
            tags.text(text, &mut events);
            tags.flush(&mut events);
            let (mut thought, mut said) = (String::new(), String::new());
            for event in events {
                match event {
                    Said::Thought(text) => thought.push_str(&text),
                    Said::Text(text) => said.push_str(&text),
                }
            }
            if !thought.is_empty() {
                out.push(ReplyPart::Reasoning(ReasoningPart {
                    text: thought,
                    signature: None,
                    redacted: None,
                    issuer: Dialect::OPENAI_CHAT,
                }));
            }
            if !said.is_empty() {
                out.push(ReplyPart::Text(said));
            }
        }
        first => out.extend(first),
    }
    out.extend(parts);
    out
}

/// Reads the text of one stream. What could still become a tag is held back, a few bytes at most.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    place: Place,
    held: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing was said yet.
    #[default]
    Beginning,
    /// Behind the opening tag, where line ends say nothing.
    Opened,
    /// Within the tags.
    Thinking,
    /// Behind the closing tag, where blank lines say nothing.
    Between,
    /// In the answer.
    Answer,
}

impl Tags {
    /// Takes in more text.
    pub(crate) fn text(&mut self, text: String, out: &mut Vec<Said>) {
        if self.place == Place::Answer {
            out.push(Said::Text(text));
            return;
        }
        self.held.push_str(&text);
        loop {
            let before = self.place;
            self.step(out);
            if self.place == before {
                return;
            }
        }
    }

    fn step(&mut self, out: &mut Vec<Said>) {
        match self.place {
            Place::Beginning => {
                let said = self.held.trim_start();
                if let Some(rest) = said.strip_prefix(OPEN) {
                    self.held = rest.to_owned();
                    self.place = Place::Opened;
                } else if !OPEN.starts_with(said) {
                    self.place = Place::Answer;
                    self.say(out);
                }
            }
            Place::Opened => {
                self.held = self.held.trim_start_matches('\n').to_owned();
                if !self.held.is_empty() {
                    self.place = Place::Thinking;
                }
            }
            Place::Thinking => {
                if let Some((thought, rest)) = self.held.split_once(CLOSE) {
                    let (thought, rest) = (thought.to_owned(), rest.to_owned());
                    think(thought, out);
                    self.held = rest;
                    self.place = Place::Between;
                } else {
                    let sure = self.held.len() - tail(&self.held);
                    let rest = self.held.split_off(sure);
                    think(std::mem::replace(&mut self.held, rest), out);
                }
            }
            Place::Between => {
                let said = self.held.trim_start();
                if said.is_empty() {
                    self.held.clear();
                } else {
                    self.held = said.to_owned();
                    self.place = Place::Answer;
                    self.say(out);
                }
            }
            Place::Answer => self.say(out),
        }
    }

    /// The text is over, or something else follows: what is held back is what it looks like.
    pub(crate) fn flush(&mut self, out: &mut Vec<Said>) {
        match self.place {
            Place::Thinking => think(std::mem::take(&mut self.held), out),
            Place::Beginning | Place::Opened | Place::Between | Place::Answer => self.say(out),
        }
    }

    fn say(&mut self, out: &mut Vec<Said>) {
        if !self.held.is_empty() {
            out.push(Said::Text(std::mem::take(&mut self.held)));
        }
    }
}

fn think(thought: String, out: &mut Vec<Said>) {
    if !thought.is_empty() {
        out.push(Said::Thought(thought));
    }
}

/// How many of the last bytes could be the beginning of the closing tag.
fn tail(text: &str) -> usize {
    (1..CLOSE.len())
        .rev()
        .find(|len| CLOSE.get(..*len).is_some_and(|p| text.ends_with(p)))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reasoning and the text of an answer in these pieces.
    fn read(pieces: &[&str]) -> (String, String) {
        let (mut tags, mut events) = (Tags::default(), Vec::new());
        for piece in pieces {
            tags.text((*piece).to_owned(), &mut events);
        }
        tags.flush(&mut events);
        let mut both = (String::new(), String::new());
        for event in events {
            match event {
                Said::Thought(text) => both.0.push_str(&text),
                Said::Text(text) => both.1.push_str(&text),
            }
        }
        both
    }

    #[test]
    fn only_an_answers_beginning_holds_reasoning_however_it_is_cut() {
        for (text, thought, said) in [
            ("<think>\nhm</think>\n\nyes", "hm", "yes"),
            ("  <think>hm", "hm", ""),
            ("<think>a < b </thin k></think>c", "a < b </thin k>", "c"),
            ("plain <think>x</think>", "", "plain <think>x</think>"),
            ("<thin air", "", "<thin air"),
            ("<th", "", "<th"),
            ("<think></think>é", "", "é"),
            ("", "", ""),
        ] {
            let whole = (thought.to_owned(), said.to_owned());
            assert_eq!(read(&[text]), whole, "{text}");
            for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
                let (a, b) = text.split_at(at);
                assert_eq!(read(&[a, b]), whole, "{text} at {at}");
            }
            let each: Vec<String> = text.chars().map(String::from).collect();
            let each: Vec<&str> = each.iter().map(String::as_str).collect();
            assert_eq!(read(&each), whole, "{text} letter by letter");
        }
    }

    #[test]
    fn a_whole_answer_is_set_apart_as_a_streamed_one() {
        let parts = set_apart(vec![ReplyPart::Text("<think>hm</think>yes".to_owned())]);
        let [ReplyPart::Reasoning(thought), ReplyPart::Text(said)] = parts.as_slice() else {
            panic!("{parts:?}")
        };
        assert_eq!((thought.text.as_str(), said.as_str()), ("hm", "yes"));
        let plain = vec![ReplyPart::Refusal("no".to_owned())];
        assert_eq!(set_apart(plain.clone()), plain);
    }
}
