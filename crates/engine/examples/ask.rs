//! A gateway inside a program: one model with a spare behind it, asked whole and as a stream.
#![expect(clippy::print_stdout, reason = "an example shows what comes back")]

use std::time::Duration;
use tollgate::{Chat, DeploymentSpec, ModelSpec, Strategy, Tollgate};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Also `Tollgate::from_env()` and `Tollgate::from_config("tollgate.yaml")`. The mock needs no
    // key; a vendor is `DeploymentSpec::new("openai", "gpt-4o-mini").key("sk-...")`.
    let steady = || DeploymentSpec::new("mock", "any");
    let flaky = steady().set("mock", r#"{"fail_every": 2}"#);
    let tollgate = Tollgate::builder()
        .model("fast", ModelSpec::new().deployment(flaky).deployment(steady()))
        .model("spare", ModelSpec::new().deployment(steady()))
        .build()?;

    let reply = tollgate.chat("What is a tollgate?").await?;
    println!("{reply}");
    println!("by {} after {} attempts", reply.head.deployment, reply.head.attempts);

    let chat = Chat::new().system("Be brief.").user("And a gate?").max_tokens(50);
    let chat = chat.strategy(Strategy::LeastBusy).fallbacks(["spare"]);
    let mut stream = tollgate.stream(chat.timeout(Duration::from_secs(30))).await?;
    while let Some(text) = stream.next_text().await? {
        print!("{text}");
    }
    println!("\n{:?}", stream.finish().await?.chat.usage);

    if let Err(error) = tollgate.chat(Chat::from("hello").model("fastt")).await {
        println!("{:?} is at fault, retry: {}: {error}", error.fault(), error.is_retryable());
    }
    Ok(())
}
