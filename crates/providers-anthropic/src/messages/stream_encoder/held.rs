//! What waits while another call's arguments are written, as blocks in the order in which they
//! began, within bounds.

use std::collections::VecDeque;

/// Most bytes held.
const BYTES_MAX: usize = 4 << 20;
/// Most blocks held: each piece is looked up among them.
const BLOCKS_MAX: usize = 1024;

/// A piece of content as it comes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'a> {
    Text { text: &'a str, refusal: bool },
    Thinking(&'a str),
    Signature(&'a str),
    Redacted(&'a str),
    Call { call: usize, id: &'a str, name: &'a str },
    Arguments { call: usize, fragment: &'a str },
}

/// A block that waits.
#[derive(Debug)]
pub(super) enum Block {
    Text { text: String, refusal: bool },
    Thinking(String),
    Signature(String),
    Redacted(String),
    Tool { call: usize, id: String, name: String, arguments: String },
}

impl Block {
    /// The pieces that write it.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let (first, second) = match self {
            Self::Text { text, refusal } => (Piece::Text { text, refusal: *refusal }, None),
            Self::Thinking(text) => (Piece::Thinking(text), None),
            Self::Signature(signature) => (Piece::Signature(signature), None),
            Self::Redacted(data) => (Piece::Redacted(data), None),
            Self::Tool { call, id, name, arguments } => (
                Piece::Call { call: *call, id, name },
                Some(Piece::Arguments { call: *call, fragment: arguments }),
            ),
        };
        std::iter::once(first).chain(second)
    }
}

/// More came than may be held.
#[derive(Debug)]
pub(super) struct TooMuch;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Held {
    blocks: VecDeque<Block>,
    bytes: usize,
}

impl Held {
    /// Holds a piece.
    pub(super) fn push(&mut self, piece: Piece<'_>) -> Result<(), TooMuch> {
        self.bytes += size(piece);
        if self.bytes > BYTES_MAX || self.blocks.len() >= BLOCKS_MAX {
            return Err(TooMuch);
        }
        match (piece, self.blocks.back_mut()) {
            (Piece::Text { text, refusal }, Some(Block::Text { text: held, refusal: of }))
                if refusal == *of =>
            {
                held.push_str(text);
            }
            (Piece::Thinking(text), Some(Block::Thinking(held))) => held.push_str(text),
            (Piece::Arguments { call, fragment }, _) => self.arguments(call, fragment),
            (Piece::Text { text, refusal }, _) => {
                self.blocks.push_back(Block::Text { text: text.to_owned(), refusal });
            }
            (Piece::Thinking(text), _) => self.blocks.push_back(Block::Thinking(text.to_owned())),
            (Piece::Signature(text), _) => self.blocks.push_back(Block::Signature(text.to_owned())),
            (Piece::Redacted(text), _) => self.blocks.push_back(Block::Redacted(text.to_owned())),
            (Piece::Call { call, id, name }, _) => {
                let (id, name) = (id.to_owned(), name.to_owned());
                self.blocks.push_back(Block::Tool { call, id, name, arguments: String::new() });
            }
        }
        Ok(())
    }

    /// The block that began first.
    pub(super) fn pop(&mut self) -> Option<Block> {
        let block = self.blocks.pop_front()?;
        self.bytes = self.bytes.saturating_sub(block.pieces().map(size).sum());
        Some(block)
    }

    /// Arguments of a call that does not wait belong to none.
    fn arguments(&mut self, of: usize, fragment: &str) {
        let waiting = self.blocks.iter_mut().rev().find_map(|block| match block {
            Block::Tool { call, arguments, .. } if *call == of => Some(arguments),
            Block::Tool { .. }
            | Block::Text { .. }
            | Block::Thinking(_)
            | Block::Signature(_)
            | Block::Redacted(_) => None,
        });
        if let Some(arguments) = waiting {
            arguments.push_str(fragment);
        }
    }
}

fn size(piece: Piece<'_>) -> usize {
    match piece {
        Piece::Text { text, .. }
        | Piece::Thinking(text)
        | Piece::Signature(text)
        | Piece::Redacted(text)
        | Piece::Arguments { fragment: text, .. } => text.len(),
        Piece::Call { id, name, .. } => id.len() + name.len(),
    }
}
