//! The same without async, for scripts and command-line tools.
#![expect(clippy::print_stdout, reason = "an example shows what comes back")]

use tollgate::{Chat, ChatEvent, Embed, blocking::Tollgate};

const YAML: &str = "
models:
  fast: { provider: mock }
  vectors: { provider: mock, model: mock-embedding }
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Also `Tollgate::from_env()` and `Tollgate::from_config("tollgate.yaml")`.
    let tollgate = Tollgate::from_text(YAML)?;
    let first = Chat::from("What is a tollgate?");
    let reply = tollgate.chat(first.clone())?;
    println!("{reply}");

    for event in tollgate.stream(first.answered(&reply).user("And a gate?"))? {
        if let ChatEvent::Text(text) = event? {
            print!("{text}");
        }
    }
    let made = tollgate.embed(Embed::new(["a tollgate", "a gate"]).model("vectors"))?;
    println!("\n{} vectors of {} numbers", made.vectors.len(), made.vectors[0].len());
    Ok(())
}
