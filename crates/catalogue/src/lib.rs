//! What models can do and what they cost: data, a lookup, integer arithmetic.
//!
//! Routing asks whether a deployment's model takes what a request holds, accounting what a usage
//! costs; both ask here, and nothing else in the gateway knows a model by name for it. The data is
//! text inside the binary that is searched where it lies: nothing is parsed or allocated before a
//! model is asked for. It must never do I/O, read a clock or use a float, and never take what is not
//! known for free or for impossible: unknown is `None`.
//!
//! ```
//! use tollgate_catalogue::{Catalogue, Circumstances};
//! use tollgate_core_types::Usage;
//!
//! let model = Catalogue::default().find("openai", "gpt-4o-mini").unwrap();
//! assert_eq!(model.capabilities.images, Some(true));
//!
//! let usage = Usage { input_tokens: Some(1000), output_tokens: Some(100), ..Usage::default() };
//! // 1000 at 0.15 and 100 at 0.60 US dollars a million, in millionths of a millionth.
//! assert_eq!(model.prices.cost(&usage, Circumstances::default()), Some(210_000_000));
//! assert!(Catalogue::default().find("openai", "gpt-nobody-knows").is_none());
//! ```
#![doc = "\n\n---\n\n"]
#![doc = include_str!("../README.md")]

mod capabilities;
mod catalogue;
mod data;
mod line;
mod money;
mod names;
mod prices;

pub use capabilities::{Capabilities, ReasoningStyle};
pub use catalogue::{Catalogue, Model, Override};
pub use data::{Broken, EMBEDDED, Notice, check};
pub use line::{BadLine, read as read_line, write as write_line};
pub use money::{BadPrice, per_million, per_token, shown_per_million};
pub use names::spellings;
pub use prices::{Circumstances, Kind, Prices, Rate, Region, Tier, Window};
