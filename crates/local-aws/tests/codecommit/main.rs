//! CodeCommit through its API and through a real git client over HTTP.

// `cfg(test)` tells the lints that helpers outside a test function are tests, too.
#[cfg(test)]
mod branches;
#[cfg(test)]
mod comment_replies;
#[cfg(test)]
mod comments;
#[cfg(test)]
mod files;
#[cfg(test)]
mod git_over_http;
#[cfg(test)]
mod merges;
#[cfg(test)]
mod pull_requests;
#[cfg(test)]
mod reactions;
#[cfg(test)]
mod repositories;
#[cfg(test)]
mod world;
