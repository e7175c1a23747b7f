//! A developer's clone of a repository.

use std::path::PathBuf;
use std::process::Stdio;

use aws_sdk_codecommit::types::Target;
use tokio::process::Command;

/// A buildspec whose build succeeds.
pub const PASSING: &str = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo all is well\n";
/// A buildspec whose build fails in its second command.
pub const FAILING: &str = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo so far so good\n      - ./run-tests.sh --all\n";

/// A clone whose remote is a repository of the world.
#[derive(Debug)]
pub struct Repository {
    /// The repository's name in CodeCommit.
    pub name: String,
    url: String,
    folder: PathBuf,
}

impl Repository {
    /// Creates a repository at the local AWS at `endpoint_url`, with a commit on main, and a clone of it in `folder`.
    pub async fn create(
        codecommit: &aws_sdk_codecommit::Client,
        endpoint_url: &str,
        name: &str,
        folder: PathBuf,
    ) -> Self {
        codecommit.create_repository().repository_name(name).send().await.unwrap();
        std::fs::create_dir(&folder).unwrap();
        let url = format!("{endpoint_url}/v1/repos/{name}");
        let repository = Self { name: name.to_owned(), url, folder };
        repository.git(&["init", "--quiet", "--initial-branch=main"]).await;
        repository.push_buildspec("main", PASSING).await;
        repository
    }

    /// Opens a pull request from one branch into another. Returns its id.
    pub async fn open_pull_request(
        &self,
        codecommit: &aws_sdk_codecommit::Client,
        branch: &str,
        destination: &str,
    ) -> String {
        let target = Target::builder()
            .repository_name(&self.name)
            .source_reference(branch)
            .destination_reference(destination)
            .build()
            .unwrap();
        let request = codecommit.create_pull_request().title(format!("Merge {branch}")).targets(target);
        request.send().await.unwrap().pull_request.unwrap().pull_request_id.unwrap()
    }

    /// Commits `files` to `branch`, which begins at main if it is new, and returns the commit's id.
    pub async fn commit(&self, branch: &str, files: &[(&str, &str)]) -> String {
        if branch != "main"
            && self
                .try_git(&["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}")])
                .await
                .is_err()
        {
            self.git(&["branch", "--", branch, "main"]).await;
        }
        self.git(&["symbolic-ref", "HEAD", &format!("refs/heads/{branch}")]).await;
        if branch != "main" {
            self.git(&["reset", "--quiet", "--hard"]).await;
        }
        for (name, text) in files {
            std::fs::write(self.folder.join(name), text).unwrap();
        }
        self.git(&["add", "--all"]).await;
        self.git(&["commit", "--quiet", "--allow-empty", "--message", &format!("Change {branch}")]).await;
        self.git(&["rev-parse", "HEAD"]).await
    }

    /// Pushes what `refspecs` say, such as `feature`, `+A:refs/heads/feature` or `:feature`.
    pub async fn push(&self, refspecs: &[&str]) {
        let mut arguments = vec!["push", "--quiet", self.url.as_str()];
        arguments.extend(refspecs);
        self.git(&arguments).await;
    }

    /// Commits a buildspec to `branch` and pushes it. Returns the commit's id.
    pub async fn push_buildspec(&self, branch: &str, buildspec: &str) -> String {
        let commit = self.commit(branch, &[("buildspec-tests.yaml", buildspec)]).await;
        self.push(&[&format!("refs/heads/{branch}:refs/heads/{branch}")]).await;
        commit
    }

    /// Runs git in the clone and returns what it prints, or fails the test.
    pub async fn git(&self, arguments: &[&str]) -> String {
        self.try_git(arguments).await.unwrap_or_else(|error| panic!("git {arguments:?} failed: {error}"))
    }

    /// Runs git in the clone and returns what it prints, or its complaint.
    pub async fn try_git(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]).args(arguments);
        command
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0");
        let output = command.current_dir(&self.folder).stdin(Stdio::null()).output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}
