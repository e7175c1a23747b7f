//! Handing messages back to their functions.
//!
//! The function is invoked and its answer is waited for, so that the person sees at once whether it works now. Only
//! then is the message deleted. If this program ends in between, the event is handled a second time when somebody hands
//! the message back again, which both functions stand: they look at what there is before they act.

use std::process::ExitCode;

use crate::error::Error;
use crate::event::describe_event;
use crate::hook::{Answer, Hook, HookFunction, choose_function};
use crate::message::{Message, find_id_length};
use crate::progress;
use crate::queue::Queue;
use crate::terminal::{Terminal, shown};
use crate::words::{advise_on_error, describe_error};

/// An answer is cut after this many characters; those of the functions are shorter.
const ANSWER_LIMIT: usize = 500;

/// How a message's way back ended, in words.
enum Ending {
    HandedBack(String),
    Failed(String),
}

/// Hands the messages back, one after the other, and tells of each. What fails stays in the queue.
pub(crate) async fn hand_back(
    messages: &[&Message],
    hook: &Hook,
    queue: &Queue,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let functions = progress::tell("looking for the hook's functions", hook.functions()).await?;
    let length = find_id_length(messages.iter().copied());
    let mut failed = 0;
    for (index, message) in messages.iter().enumerate() {
        let how_far =
            || format!("waiting for a function's answer: message {} of {}", index + 1, messages.len());
        let way_back = hand_back_message(message, functions, hook, queue);
        let (word, text) = match progress::tell_how_far(how_far, way_back).await {
            Ending::HandedBack(text) => (terminal.paint.green("handed back"), text),
            Ending::Failed(text) => {
                failed += 1;
                (terminal.paint.red("failed"), text)
            }
        };
        let id = terminal.paint.bold(&shown(message.short_id(length), ANSWER_LIMIT));
        terminal.say(&format!("{id}  {word}: {text}\n"));
    }
    terminal.say(&format!(
        "{} handed back; {failed} failed and are still in the queue.",
        messages.len() - failed
    ));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn hand_back_message(
    message: &Message,
    functions: &[HookFunction],
    hook: &Hook,
    queue: &Queue,
) -> Ending {
    let Some(event) = message.content.event() else {
        return Ending::Failed("it is neither an event nor Lambda's record of one.".to_owned());
    };
    let about = describe_event(event);
    let Some(function) = choose_function(functions, &message.content) else {
        let named = message.content.function_arn().unwrap_or("no function");
        let named = shown(named, ANSWER_LIMIT);
        return Ending::Failed(format!(
            "{about}\n  No function of this hook handles that; the message names {named}. If it is another hook's, name \
             that with --hook."
        ));
    };
    let answer = match hook.invoke(function, event).await {
        Ok(Answer::Handled(answer)) => shown(&answer, ANSWER_LIMIT),
        Ok(Answer::Failed(error)) => {
            let (error, advice) = (describe_error(&error), advise_on_error(&error));
            return Ending::Failed(format!("{about}\n  {} failed again. {error}\n  {advice}", function.name));
        }
        Err(error) => {
            return Ending::Failed(format!("{about}\n  {} was not reached: {error}", function.name));
        }
    };
    match queue.delete(&message.id).await {
        Ok(()) => Ending::HandedBack(format!("{about}\n  {} answered {answer}", function.name)),
        Err(error) => Ending::Failed(format!(
            "{about}\n  {} answered {answer}, but the message could not be deleted: {error}\n  \
             What to do: hand it back once more; repeating is safe.",
            function.name
        )),
    }
}
