//! Tool calls in a stream: which piece belongs to which call.
//!
//! OpenAI numbers calls and names each once. Others leave the number out, repeat it for every call,
//! give each piece a new id, or send a whole call in one piece. A name begins a call. Arguments are
//! passed on, never kept or parsed.

use tollgate_core_types::ChatEvent;
use tollgate_providers_common::DecodeError;

use super::super::decode::call_id;
use crate::malformed::malformed;
use crate::wire::{Said, WireFunction, WireToolCall};

/// Calls of one answer: far beyond what models make, and a bound for a hostile vendor.
pub(super) const CALLS_MAX: usize = 512;

/// The number under which the one call of the older field is kept.
const LEGACY: u64 = u64::MAX;

/// The calls that were met so far.
#[derive(Debug, Default)]
pub(super) struct Calls {
    met: Vec<Call>,
    /// Whether `tool_calls` was used: some servers say each call again in the older field.
    modern: bool,
}

#[derive(Debug)]
struct Call {
    /// The vendor's number of it.
    number: Option<u64>,
    /// The vendor's id of it, empty where none came.
    id: String,
    /// Whether its name came, and with it its start.
    begun: bool,
}

/// One piece of a call.
struct Piece<'a> {
    number: Option<u64>,
    id: &'a str,
    name: Option<&'a str>,
    arguments: String,
}

impl Calls {
    /// Whether any call began.
    pub(super) fn any(&self) -> bool {
        self.met.iter().any(|call| call.begun)
    }

    /// Reads the calls of one delta.
    pub(super) fn take(
        &mut self,
        said: &Said<'_>,
        reply_id: &str,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        for call in &said.tool_calls.0 {
            self.piece(Piece::of_call(call), reply_id, out)?;
        }
        self.modern |= !said.tool_calls.0.is_empty();
        if let Some(function) = said.function_call.as_ref().filter(|_| !self.modern) {
            // It knows one call; a name in every piece begins no further one.
            self.piece(Piece::of_function(Some(LEGACY), "", function), reply_id, out)?;
        }
        Ok(())
    }

    fn piece(
        &mut self,
        piece: Piece<'_>,
        reply_id: &str,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        let index = match self.find(&piece) {
            Some(index) => index,
            None => self.open(&piece)?,
        };
        let Some(call) = self.met.get_mut(index) else { return Ok(()) };
        if call.id.is_empty() {
            piece.id.clone_into(&mut call.id);
        }
        if let Some(name) = piece.name.filter(|_| !call.begun) {
            call.begun = true;
            let id = call_id(&call.id, index, reply_id);
            out.push(ChatEvent::ToolCallStart { index, id, name: name.to_owned() });
        }
        if piece.arguments.is_empty() {
            return Ok(());
        }
        if !call.begun {
            return Err(malformed("arguments of a tool call that has no name"));
        }
        out.push(ChatEvent::ToolCallArguments { index, fragment: piece.arguments });
        Ok(())
    }

    /// The call that a piece goes on with; `None` where it begins one.
    fn find(&self, piece: &Piece<'_>) -> Option<usize> {
        let found = match (piece.number, piece.id) {
            (Some(number), _) => self.met.iter().rposition(|call| call.number == Some(number)),
            (None, "") if piece.name.is_some() => None,
            (None, "") => self.met.len().checked_sub(1),
            (None, id) => {
                let same = self.met.iter().rposition(|call| call.id == id);
                let last = self.met.len().checked_sub(1).filter(|_| piece.name.is_none());
                same.or(last)
            }
        }?;
        let call = self.met.get(found)?;
        // Some number every call 0: a name and another id begin a new one all the same. An id alone
        // does not, for others give each piece a fresh id.
        let another = piece.name.is_some() && !piece.id.is_empty() && piece.id != call.id;
        (!(another && call.begun)).then_some(found)
    }

    fn open(&mut self, piece: &Piece<'_>) -> Result<usize, DecodeError> {
        if self.met.len() >= CALLS_MAX {
            return Err(malformed(format!("more than {CALLS_MAX} tool calls")));
        }
        self.met.push(Call { number: piece.number, id: piece.id.to_owned(), begun: false });
        Ok(self.met.len() - 1)
    }
}

impl<'a> Piece<'a> {
    fn of_call(call: &'a WireToolCall<'_>) -> Self {
        let (number, id) = (call.index.0, call.id.or_empty());
        if let Some(function) = &call.function {
            return Self::of_function(number, id, function);
        }
        let custom = call.custom.as_ref();
        let arguments = custom.map(|custom| custom.input.or_empty().to_owned());
        Self {
            number,
            id,
            name: custom.and_then(|custom| custom.name.filled()),
            arguments: arguments.unwrap_or_default(),
        }
    }

    fn of_function(number: Option<u64>, id: &'a str, function: &'a WireFunction<'_>) -> Self {
        let name = function.name.filled();
        Self { number, id, name, arguments: function.arguments_text() }
    }
}
