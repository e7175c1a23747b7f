#![doc = include_str!("../README.md")]

pub mod account;
pub mod activity;
pub mod arn;
pub mod aws_json;
pub mod caller;
pub mod clock;
pub mod codebuild;
pub mod codecommit;
pub mod event;
pub mod eventbridge;
pub mod http;
pub mod lambda;
pub mod logs;
pub mod process_group;
pub mod sqs;
pub mod template;
