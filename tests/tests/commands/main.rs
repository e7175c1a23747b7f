//! The programs as a person meets them: real processes, their words, exit codes and signals.

#![cfg(test)]

mod demo;
mod hold;
mod local_aws;
mod program;
mod refusals;
