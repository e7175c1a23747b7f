//! What the hook sees of CodeCommit: pull requests, their revisions and their comments.
//!
//! A comment's token is known for ever and answers the comment that it posted, also once that is deleted; with other
//! parameters it is refused (doc/semantics/codecommit.md). Comments are read as they are. A pull request may be read as
//! it was a moment ago.

use std::collections::HashMap;
use std::time::SystemTime;

use pull_request_build::{
    Answer, ClosedPullRequest, CurrentPullRequest, DestinationCommit, Head, Over, PullRequestBuild,
    PullRequestComment, PullRequestId, PullRequestStatus, Reference, ReplyMarker, RepositoryName, RevisionId,
    SourceCommit, SourceLoss,
};

use crate::moment::Moment;
use crate::names::{Names, destination_commit, revision_id, source_commit, valid};

/// As many pull requests stand on a page of `ListPullRequests`: far fewer than CodeCommit's hundred, so that worlds turn
/// it.
const PAGE: usize = 2;

#[derive(Debug)]
pub(crate) struct CodeCommit {
    pub(crate) pull_requests: Vec<PullRequest>,
    /// What was posted with each token: the other parameters, the pull request and its comment.
    posts: HashMap<String, (Parameters, usize, usize)>,
    /// Whether tokens are kept at all.
    keeps_tokens: bool,
    commits: usize,
    comments: usize,
}

#[derive(Debug)]
pub(crate) struct PullRequest {
    pub(crate) id: PullRequestId,
    repository: RepositoryName,
    pub(crate) comments: Vec<PullRequestComment>,
    /// Its states since it was opened, each with the moment from which on it was so.
    states: Vec<(Moment, State)>,
    revisions: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) status: PullRequestStatus,
    pub(crate) revision_id: RevisionId,
    pub(crate) source_commit: SourceCommit,
    pub(crate) destination_commit: DestinationCommit,
    /// Since when it has this head and this status.
    pub(crate) since: Moment,
    last_activity: Moment,
}

#[derive(Debug, PartialEq, Eq)]
enum Parameters {
    Comment { before: DestinationCommit, after: SourceCommit, content: String },
    Reply { to: String, content: String },
}

/// A comment or a reply came to be.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) pull_request: usize,
    /// The build that it is a reply on, if it is one.
    pub(crate) reply_on: Option<ReplyMarker>,
    /// The commit that it is a comment on, if it is one.
    pub(crate) comment_on: Option<SourceCommit>,
}

impl CodeCommit {
    pub(crate) fn new(keeps_tokens: bool) -> Self {
        Self { pull_requests: Vec::new(), posts: HashMap::new(), keeps_tokens, commits: 0, comments: 0 }
    }

    pub(crate) fn new_commit(&mut self) -> usize {
        self.commits += 1;
        self.commits
    }

    /// How many commits there are.
    pub(crate) fn commits(&self) -> usize {
        self.commits
    }

    /// Opens a pull request from a new commit into another; its index.
    pub(crate) fn open(&mut self, repository: RepositoryName, now: Moment) -> usize {
        let index = self.pull_requests.len();
        let (destination, source) = (self.new_commit(), self.new_commit());
        let state = State {
            status: PullRequestStatus::Open,
            revision_id: revision_id(index, 1),
            source_commit: source_commit(source),
            destination_commit: destination_commit(destination),
            since: now,
            last_activity: now,
        };
        self.pull_requests.push(PullRequest {
            id: valid(PullRequestId::parse(&(index + 1).to_string())),
            repository,
            comments: Vec::new(),
            states: vec![(now, state)],
            revisions: 1,
        });
        index
    }

    pub(crate) fn index(&self, id: &PullRequestId) -> Option<usize> {
        self.pull_requests.iter().position(|pull_request| pull_request.id == *id)
    }

    /// A page of the open pull requests of a repository, as things stood at `moment`, and the token of the next one.
    pub(crate) fn list_open(
        &self,
        repository: &RepositoryName,
        page: Option<&str>,
        moment: Moment,
    ) -> (Vec<PullRequestId>, Option<String>) {
        let is_open = |pull_request: &&PullRequest| {
            pull_request.repository == *repository
                && pull_request.state_at(moment).is_some_and(|state| state.status == PullRequestStatus::Open)
        };
        let begin = page.and_then(|page| page.parse().ok()).unwrap_or(0);
        let mut ids = self.pull_requests.iter().skip(begin).filter(is_open).map(|found| found.id.clone());
        let listed: Vec<_> = ids.by_ref().take(PAGE).collect();
        let rest = ids.next().and_then(|id| self.index(&id));
        (listed, rest.map(|index| index.to_string()))
    }

    pub(crate) fn find_pull_request(&self, id: &PullRequestId) -> Option<&PullRequest> {
        self.index(id).map(|index| &self.pull_requests[index])
    }

    /// The texts of the comments by the hook.
    pub(crate) fn read_contents(&self, id: &PullRequestId, names: &Names) -> Vec<String> {
        let comments = self.index(id).map(|index| self.read_comments(index, names)).unwrap_or_default();
        comments.into_iter().filter_map(|comment| comment.content).collect()
    }

    /// The comments by the hook, deleted ones and replies too.
    pub(crate) fn read_comments(&self, pull_request: usize, names: &Names) -> Vec<PullRequestComment> {
        let by_hook =
            |comment: &&PullRequestComment| comment.author_arn.as_deref() == Some(names.author.as_str());
        self.pull_requests[pull_request].comments.iter().filter(by_hook).cloned().collect()
    }

    pub(crate) fn post_comment(
        &mut self,
        build: &PullRequestBuild,
        token: &str,
        content: &str,
        names: &Names,
        now: Moment,
    ) -> (Answer, Option<Posted>) {
        let Some(pull_request) = self.index(&build.pull_request_id) else {
            return (Answer::Over(Over::PullRequestGone), None);
        };
        let (before, after) = (build.destination_commit.clone(), build.source_commit.clone());
        if before.as_str() == after.as_str() {
            return (Answer::Over(Over::SameCommits), None);
        }
        let parameters = Parameters::Comment { before, after: after.clone(), content: content.to_owned() };
        if let Some(known) = self.known_post(token, &parameters) {
            let answer = match known {
                Some(comment) if comment.deleted => {
                    Answer::LookAgain("a person deleted the comment that this token had posted")
                }
                Some(comment) => written(comment),
                None => Answer::LookAgain("another invocation posted the comment first"),
            };
            return (answer, None);
        }
        let answer = self.add(pull_request, token, parameters, None, after.as_str(), content, names, now);
        (answer, Some(Posted { pull_request, reply_on: None, comment_on: Some(after) }))
    }

    pub(crate) fn post_reply(
        &mut self,
        comment_id: &str,
        token: &str,
        content: &str,
        names: &Names,
        now: Moment,
    ) -> (Answer, Option<Posted>) {
        let parameters = Parameters::Reply { to: comment_id.to_owned(), content: content.to_owned() };
        if let Some(known) = self.known_post(token, &parameters) {
            // A person may have deleted the reply: it was posted, all the same.
            let answer =
                known.map_or(Answer::LookAgain("another invocation posted the reply first"), written);
            return (answer, None);
        }
        let Some((pull_request, index)) = self.find(comment_id) else {
            return (Answer::LookAgain("the comment to reply to is not there any more"), None);
        };
        let after =
            self.pull_requests[pull_request].comments[index].after_commit_id.clone().unwrap_or_default();
        let to = Some(comment_id.to_owned());
        let answer = self.add(pull_request, token, parameters, to, &after, content, names, now);
        (answer, Some(Posted { pull_request, reply_on: ReplyMarker::find(content), comment_on: None }))
    }

    /// The comment that the token posted; within, nothing if it was posted with other parameters.
    fn known_post(&self, token: &str, parameters: &Parameters) -> Option<Option<&PullRequestComment>> {
        let (known, pull_request, comment) = self.posts.get(token)?;
        Some((known == parameters).then(|| &self.pull_requests[*pull_request].comments[*comment]))
    }

    #[expect(clippy::too_many_arguments, reason = "they are the parameters of the two calls that post")]
    fn add(
        &mut self,
        pull_request: usize,
        token: &str,
        parameters: Parameters,
        in_reply_to: Option<String>,
        after_commit_id: &str,
        content: &str,
        names: &Names,
        now: Moment,
    ) -> Answer {
        self.comments += 1;
        let comment = PullRequestComment {
            id: format!("comment-{}", self.comments),
            author_arn: Some(names.author.as_str().to_owned()),
            content: Some(content.to_owned()),
            deleted: false,
            creation_date: Some(now.to_system_time()),
            last_modified_date: Some(now.to_system_time()),
            after_commit_id: Some(after_commit_id.to_owned()),
            in_reply_to,
            client_request_token: Some(token.to_owned()),
        };
        let answer = written(&comment);
        let comments = &mut self.pull_requests[pull_request].comments;
        if self.keeps_tokens {
            self.posts.insert(token.to_owned(), (parameters, pull_request, comments.len()));
        }
        comments.push(comment);
        self.pull_requests[pull_request].touch(now);
        answer
    }

    pub(crate) fn update_comment(&mut self, comment_id: &str, content: &str, now: Moment) -> Answer {
        let Some((pull_request, index)) = self.find(comment_id) else {
            return Answer::LookAgain("a person deleted the comment meanwhile");
        };
        let pull_request = &mut self.pull_requests[pull_request];
        let comment = &mut pull_request.comments[index];
        if comment.deleted {
            return Answer::LookAgain("a person deleted the comment meanwhile");
        }
        comment.content = Some(content.to_owned());
        comment.last_modified_date = Some(now.to_system_time());
        let answer = written(comment);
        pull_request.touch(now);
        answer
    }

    /// A person deletes a comment of the hook.
    pub(crate) fn delete_comment(&mut self, pull_request: usize, index: usize, now: Moment) {
        let comment = &mut self.pull_requests[pull_request].comments[index];
        comment.deleted = true;
        comment.content = None;
        comment.last_modified_date = Some(now.to_system_time());
        self.pull_requests[pull_request].touch(now);
    }

    fn find(&self, comment_id: &str) -> Option<(usize, usize)> {
        self.pull_requests.iter().enumerate().find_map(|(index, pull_request)| {
            let comment = pull_request.comments.iter().position(|comment| comment.id == comment_id)?;
            Some((index, comment))
        })
    }
}

fn written(comment: &PullRequestComment) -> Answer {
    Answer::Written { comment_id: Some(comment.id.clone()), stored: comment.content.clone() }
}

impl PullRequest {
    /// How it stands now.
    pub(crate) fn state(&self) -> &State {
        let (_, state) = &self.states[self.states.len() - 1];
        state
    }

    fn state_at(&self, moment: Moment) -> Option<&State> {
        self.states.iter().rev().find(|(since, _)| *since <= moment).map(|(_, state)| state)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state().status == PullRequestStatus::Open
    }

    /// The answer of `GetPullRequest` as things stood at `moment`. That the pull request exists is always known.
    pub(crate) fn read(&self, moment: Moment) -> CurrentPullRequest {
        let state = self.state_at(moment).unwrap_or(&self.states[0].1);
        CurrentPullRequest {
            status: state.status.clone(),
            revision_id: state.revision_id.clone(),
            source_commit: state.source_commit.clone(),
            last_activity: state.last_activity.to_system_time(),
        }
    }

    pub(crate) fn source_loss(&self, built: &SourceCommit) -> Option<SourceLoss> {
        let state = self.state();
        SourceLoss::from_pull_request(&state.status, Some(&state.source_commit), built)
    }

    pub(crate) fn push(&mut self, source: SourceCommit, now: Moment, number: usize) {
        self.revisions += 1;
        let revision_id = revision_id(number, self.revisions);
        let (source_commit, since) = (source, now);
        let state = State { revision_id, source_commit, since, last_activity: now, ..self.state().clone() };
        self.states.push((now, state));
    }

    pub(crate) fn move_destination(&mut self, destination: DestinationCommit, now: Moment) {
        let state = State { destination_commit: destination, ..self.state().clone() };
        self.states.push((now, state));
    }

    pub(crate) fn end(&mut self, status: PullRequestStatus, now: Moment) {
        let state = State { status, since: now, last_activity: now, ..self.state().clone() };
        self.states.push((now, state));
    }

    fn touch(&mut self, now: Moment) {
        let state = State { last_activity: now, ..self.state().clone() };
        self.states.push((now, state));
    }

    pub(crate) fn is_first_revision(&self) -> bool {
        self.revisions == 1
    }

    /// What the event of its end says.
    pub(crate) fn closed(&self) -> ClosedPullRequest {
        ClosedPullRequest {
            pull_request_id: self.id.clone(),
            repository_name: self.repository.clone(),
            status: self.state().status.clone(),
        }
    }

    /// When the commit became its head, as its history told at `moment`.
    pub(crate) fn revision_time(&self, commit: &SourceCommit, moment: Moment) -> Option<SystemTime> {
        let known = self.states.iter().take_while(|(since, _)| *since <= moment);
        let mut time = None;
        let mut before = None;
        for (since, state) in known {
            if state.source_commit == *commit && before != Some(&state.revision_id) {
                time = Some(since.to_second());
            }
            before = Some(&state.revision_id);
        }
        time
    }

    /// The build that its head calls for.
    pub(crate) fn head(&self) -> PullRequestBuild {
        self.build_of(self.state())
    }

    /// Its status and the build that its head called for, as things stood at `moment`.
    pub(crate) fn head_at(&self, moment: Moment) -> Head {
        let state = self.state_at(moment).unwrap_or(&self.states[0].1);
        Head {
            status: state.status.clone(),
            last_activity: state.last_activity.to_system_time(),
            build: self.build_of(state),
        }
    }

    fn build_of(&self, state: &State) -> PullRequestBuild {
        PullRequestBuild {
            pull_request_id: self.id.clone(),
            repository_name: self.repository.clone(),
            source_commit: state.source_commit.clone(),
            destination_commit: state.destination_commit.clone(),
            revision_id: state.revision_id.clone(),
            source_reference: Reference::parse("refs/heads/feature").ok(),
            destination_reference: Reference::parse("refs/heads/main").ok(),
        }
    }
}
