//! What is told of work that takes long.

use std::time::Duration;

use tokio::time::{Instant, interval_at};

/// A person waits this long without asking.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is told again.
const PERIOD: Duration = Duration::from_secs(10);

/// Does the work, and says on standard error what it is if it takes over two seconds.
pub(crate) async fn tell<T>(what: &str, work: impl Future<Output = T>) -> T {
    tell_how_far(|| what.to_owned(), work).await
}

/// Does the work, and says on standard error how far it is if it takes over two seconds.
pub(crate) async fn tell_how_far<T>(how_far: impl Fn() -> String, work: impl Future<Output = T>) -> T {
    let mut ticks = interval_at(Instant::now() + PATIENCE, PERIOD);
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = ticks.tick() => eprintln!("… {}", how_far()),
        }
    }
}
