//! `tollgate chat`: one question to a model, the answer as it comes.
//!
//! Through a running gateway where an address is given, else straight through the library with the
//! configuration that `serve` would use. The answer alone goes to standard output; everything else
//! is said on standard error, so that the answer can be piped.

mod gateway;
mod screen;

use anyhow::{Context as _, bail};
use clap::Args;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;
use tollgate::reply::FinishReason;
use tollgate::{CallError, Chat, ChatEvent, Reply, Telemetry, TelemetryOptions, Tollgate};
use tollgate_config::{Config, Origin};

use screen::Screen;

/// Largest question read from standard input: what the gateway takes by default.
const MAX_QUESTION: u64 = 32 << 20;
/// Exit code after Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

/// Asks a model and prints its answer.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ChatArgs {
    /// What to ask; `-`, or nothing where something is piped in, reads it from standard input.
    text: Option<String>,
    /// The model to ask; the default one otherwise.
    #[arg(long, short)]
    model: Option<String>,
    /// Instructions that stand before the question.
    #[arg(long, short)]
    system: Option<String>,
    /// Waits for the whole answer instead of printing it as it comes.
    #[arg(long)]
    no_stream: bool,
    /// A running gateway, for example http://127.0.0.1:8000; otherwise the vendors are asked from
    /// here, with the configuration that `serve` would use.
    #[arg(long, env = "TOLLGATE_URL", value_name = "ADDRESS")]
    url: Option<String>,
    /// The key for that gateway, where it wants one.
    #[arg(long, env = "TOLLGATE_API_KEY", hide_env_values = true, value_name = "KEY")]
    api_key: Option<String>,
}

impl ChatArgs {
    /// The gateway to ask; a variable that is set to nothing is as if it were not set.
    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref().filter(|url| !url.is_empty())
    }
}

const EXAMPLES: &str = "\
Examples:
  tollgate chat \"What is a tollgate?\"
  tollgate chat --model claude --system \"Answer in one line.\" \"Why is the sky blue?\"
  git diff | tollgate chat --system \"Review this change.\"
  tollgate chat --url http://127.0.0.1:8000 hello

Exit codes: 0 answered, 1 no answer or half of one, 2 wrong usage or configuration, 130 interrupted.";

/// Asks, and says how it went by the exit code. `config` is what to ask with where no gateway is
/// named.
///
/// # Errors
/// Where it did not come to a call: no question, an address or configuration that cannot be used.
pub(crate) fn run(args: &ChatArgs, config: Option<&Config>) -> anyhow::Result<ExitCode> {
    let question = question(args.text.as_deref())?;
    let tollgate = match (args.url(), config) {
        (Some(url), _) => gateway::behind(url, args.model.as_deref(), args.api_key.as_deref())?,
        (None, Some(config)) => here(config)?,
        (None, None) => bail!("neither a gateway nor a configuration to ask with"),
    };
    let mut chat = Chat::new();
    if let Some(system) = &args.system {
        chat = chat.system(system);
    }
    chat = chat.user(question);
    if let Some(model) = args.model.as_ref().filter(|_| args.url().is_none()) {
        chat = chat.model(model);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = ask(&tollgate, chat, !args.no_stream) => ended,
            interrupted = tokio::signal::ctrl_c() => match interrupted {
                Ok(()) => Ok(Ended::Interrupted),
                Err(error) => Err(Failure::Output(error)),
            },
        }
    });
    drop(tollgate);
    // A vendor that was left is told so; nothing else is waited for.
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(said(ended))
}

/// A gateway inside this process.
fn here(config: &Config) -> anyhow::Result<Tollgate> {
    if config.origin == Origin::Demo {
        note("no vendor is configured; the demo's mock answers (set OPENAI_API_KEY, or --config)");
    }
    let telemetry = Telemetry::new(&TelemetryOptions::default())?;
    Ok(Tollgate::new(config, telemetry)?)
}

fn question(text: Option<&str>) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    match text {
        Some(text) if text != "-" => return Ok(text.to_owned()),
        None if stdin.is_terminal() => {
            bail!("nothing to ask: give a text (tollgate chat \"hello\"), `-`, or pipe one in")
        }
        Some(_) | None => {}
    }
    let mut text = String::new();
    stdin
        .lock()
        .take(MAX_QUESTION + 1)
        .read_to_string(&mut text)
        .context("cannot read the question from standard input")?;
    if text.len() as u64 > MAX_QUESTION {
        bail!("the question on standard input is larger than {MAX_QUESTION} bytes");
    }
    if text.trim().is_empty() {
        bail!("nothing to ask: standard input is empty");
    }
    Ok(text)
}

/// How a call ended that did not fail.
enum Ended {
    Answered(FinishReason),
    Interrupted,
}

enum Failure {
    Call(CallError),
    Output(std::io::Error),
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

async fn ask(tollgate: &Tollgate, chat: Chat, stream: bool) -> Result<Ended, Failure> {
    let mut screen = Screen::stdout();
    if !stream {
        let reply = tollgate.chat(chat).await?;
        screen.reasoning(&reply.reasoning())?;
        screen.text(&reply.text())?;
        screen.text(reply.refusal().unwrap_or_default())?;
        screen.end()?;
        return Ok(finished(&reply));
    }
    let mut stream = tollgate.stream(chat).await?;
    while let Some(event) = stream.next().await {
        let shown = match event {
            Ok(event) => show(&mut screen, &event),
            Err(error) => {
                screen.end()?;
                return Err(error.into());
            }
        };
        shown?;
    }
    screen.end()?;
    Ok(finished(&stream.finish().await?))
}

fn show(screen: &mut Screen, event: &ChatEvent) -> std::io::Result<()> {
    match event {
        ChatEvent::Text(text) | ChatEvent::Refusal(text) => screen.text(text),
        ChatEvent::Reasoning(text) => screen.reasoning(text),
        ChatEvent::Start { .. }
        | ChatEvent::ReasoningSignature { .. }
        | ChatEvent::ReasoningRedacted { .. }
        | ChatEvent::ToolCallStart { .. }
        | ChatEvent::ToolCallArguments { .. }
        | ChatEvent::Other { .. }
        | ChatEvent::Usage(_)
        | ChatEvent::Finish(_)
        | ChatEvent::End
        | ChatEvent::Error(_) => Ok(()),
    }
}

fn finished(reply: &Reply) -> Ended {
    if !reply.head.dropped.is_empty() {
        note(&format!("{} could not be said to this vendor", reply.head.dropped.join(", ")));
    }
    Ended::Answered(reply.finish())
}

/// Says what there is to say beside the answer.
fn said(ended: Result<Ended, Failure>) -> ExitCode {
    match ended {
        Ok(Ended::Answered(reason)) => {
            if let Some(cut) = cut_short(reason) {
                note(cut);
            }
            ExitCode::SUCCESS
        }
        Ok(Ended::Interrupted) => {
            note("interrupted");
            ExitCode::from(INTERRUPTED)
        }
        // Whoever closed the pipe has seen enough.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(Failure::Output(error)) => {
            note(&format!("cannot write the answer: {error}"));
            ExitCode::FAILURE
        }
        Err(Failure::Call(error)) => {
            note(&explained(&error));
            ExitCode::FAILURE
        }
    }
}

fn cut_short(reason: FinishReason) -> Option<&'static str> {
    match reason {
        FinishReason::Stop | FinishReason::ToolCalls | FinishReason::Pause => None,
        FinishReason::Length => Some("the answer is cut: the model met its limit of tokens"),
        FinishReason::ContentFilter => Some("the answer is cut: the vendor filtered it"),
        FinishReason::ContextWindow => Some("the answer is cut: the context window is full"),
    }
}

fn explained(error: &CallError) -> String {
    let again = match error.retry_after().filter(|_| error.is_retryable()) {
        Some(wait) => format!("\n  try again in {} s", wait.as_millis().div_ceil(1000)),
        None if error.is_retryable() => "\n  the same question may be answered later".to_owned(),
        None => String::new(),
    };
    format!("{error}{again}")
}

fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "tollgate: {}", screen::safe(text));
}
