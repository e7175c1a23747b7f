//! SQS: the queues of a template, for what could not be delivered and for a person who reads it.

mod message;
mod operations;
mod store;

pub use message::{Attribute, Message, SentMessage};
pub use store::{SendError, Sqs};
