//! The flow from outside, through real processes and real protocols. One binary, so that it links once.

#![cfg(test)]

mod builds;
mod comment_convergence;
mod comments;
mod gallery;
mod git_of_builds;
mod kills;
mod malformed_events;
mod not_started;
mod permissions;
mod pull_requests;
mod redelivery;
mod redrive;
mod resource_policies;
mod storm;
mod superseded;
mod sweep;
mod two_hooks;
