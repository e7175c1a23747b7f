#![doc = include_str!("../README.md")]

mod arguments;
mod error;
mod event;
mod hand_back;
mod hook;
mod list;
mod message;
mod progress;
mod queue;
mod sdk_config;
mod terminal;
mod words;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Arguments;
use crate::error::Error;
use crate::hook::Hook;
use crate::queue::Queue;
use crate::terminal::Terminal;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::detect();
    match run(&arguments, &terminal).await {
        Ok(code) => code,
        Err(error) => {
            terminal.complain(&error.to_string());
            error.exit_code()
        }
    }
}

async fn run(arguments: &Arguments, terminal: &Terminal) -> Result<ExitCode, Error> {
    let interrupted = wait_for_interruption().map_err(Error::Signals)?;
    tokio::pin!(interrupted);
    let config = sdk_config::load().await?;
    let hook = Hook::new(&config, &arguments.hook);
    let queue_url = match &arguments.queue_url {
        Some(url) => url.clone(),
        None => {
            let find = progress::tell("looking for the hook's failure queue", hook.find_queue(&config));
            tokio::select! {
                url = find => url?,
                () = &mut interrupted => return Err(Error::Interrupted),
            }
        }
    };
    let queue = Queue::new(&config, &queue_url);
    let outcome = tokio::select! {
        outcome = act(arguments, terminal, &hook, &queue) => outcome,
        () = &mut interrupted => Err(Error::Interrupted),
    };
    // Whatever happened, what was only looked at can be seen again by everybody.
    let hidden = progress::tell("making the messages visible again", queue.release()).await;
    if let Some(failure) = hidden {
        terminal.complain(&failure.to_string());
    }
    outcome
}

/// Lists the messages, or hands back those that were asked for.
async fn act(
    arguments: &Arguments,
    terminal: &Terminal,
    hook: &Hook,
    queue: &Queue,
) -> Result<ExitCode, Error> {
    let hidden = queue.count_hidden().await?;
    let read = || format!("reading the failure queue: {} messages so far", queue.count_received());
    let messages = progress::tell_how_far(read, queue.read()).await?;
    let chosen = match arguments.all {
        true => messages.iter().collect(),
        false => message::choose(&messages, &arguments.messages)?,
    };
    if chosen.is_empty() {
        terminal.say(&list::describe_queue(queue.url(), &messages, hidden, terminal.paint));
        return Ok(ExitCode::SUCCESS);
    }
    hand_back::hand_back(&chosen, hook, queue, terminal).await
}

/// Ends with Ctrl-C, with the terminal, or when somebody ends the program with `kill`. From this call on, none of them
/// ends it at once: what it has received has to become visible again first.
fn wait_for_interruption() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
