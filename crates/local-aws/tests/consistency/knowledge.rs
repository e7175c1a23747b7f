//! What should be in a local AWS, as far as the answers that it gave tell it.

use std::collections::BTreeMap;

use serde_json::Value;

/// When something was answered. Calls that ran at once have the same moment: nobody knows which came first.
pub(crate) type Moment = u64;

/// What something may be now: what it was made last, or any of what the calls of that moment made it.
#[derive(Debug, Clone)]
pub(crate) struct Possible<T> {
    values: Vec<T>,
    moment: Moment,
}

impl<T: PartialEq> Possible<T> {
    pub(crate) fn new(value: T, moment: Moment) -> Self {
        Self { values: vec![value], moment }
    }

    pub(crate) fn set(&mut self, value: T, moment: Moment) {
        if self.moment != moment {
            self.values.clear();
        }
        self.moment = moment;
        self.values.push(value);
    }

    pub(crate) fn may_be(&self, value: &T) -> bool {
        self.values.contains(value)
    }

    pub(crate) fn any(&self) -> &T {
        self.values.last().unwrap()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct PullRequest {
    pub(crate) repository: String,
    /// When it was first heard of.
    pub(crate) since: Moment,
    /// Its target as it was last seen.
    pub(crate) target: Value,
    pub(crate) title: Possible<String>,
    pub(crate) description: Possible<Option<String>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) pull_request: String,
    pub(crate) in_reply_to: Option<String>,
    /// Nothing once it is deleted, and then for ever.
    pub(crate) content: Possible<Option<String>>,
    /// The short code of each user's reaction.
    pub(crate) reactions: BTreeMap<String, Possible<Option<&'static str>>>,
}

impl Comment {
    pub(crate) fn write(&mut self, content: String, moment: Moment) {
        if !self.content.may_be(&None) {
            self.content.set(Some(content), moment);
        }
    }

    pub(crate) fn delete(&mut self, moment: Moment) {
        self.content = Possible::new(None, moment);
    }
}

/// What a local AWS has answered so far, put together.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    pub(crate) repositories: Vec<String>,
    /// Those of which a deletion was answered at this moment.
    pub(crate) deleted_repositories: Vec<String>,
    /// The tips of branches, by repository and branch; nothing where one was deleted.
    pub(crate) tips: BTreeMap<(String, String), Possible<Option<String>>>,
    pub(crate) pull_requests: BTreeMap<String, PullRequest>,
    pub(crate) comments: BTreeMap<String, Comment>,
    /// The ids of comments in the order of their creation, to choose from: their own order is random.
    pub(crate) comment_ids: Vec<String>,
    pub(crate) blobs: Vec<String>,
    pub(crate) builds: Vec<String>,
    pub(crate) streams: Vec<String>,
    pub(crate) receipts: Vec<String>,
}

impl Knowledge {
    pub(crate) fn set_tip(&mut self, repository: &str, branch: &str, tip: Option<String>, moment: Moment) {
        let branch = branch.trim_start_matches("refs/heads/");
        let key = (repository.to_owned(), branch.to_owned());
        match self.tips.get_mut(&key) {
            Some(known) => known.set(tip, moment),
            None => drop(self.tips.insert(key, Possible::new(tip, moment))),
        }
    }

    /// The tip of a branch, or one of those that it may have.
    pub(crate) fn tip(&self, repository: &str, branch: &str) -> Option<String> {
        self.tips.get(&(repository.to_owned(), branch.to_owned()))?.any().clone()
    }

    /// The branches of a deleted repository are gone, and so are the pull requests that it had before.
    pub(crate) fn delete_repository(&mut self, name: &str, moment: Moment) {
        for ((repository, _), tip) in &mut self.tips {
            if repository == name {
                tip.set(None, moment);
            }
        }
        let gone =
            |pull_request: &PullRequest| pull_request.repository == name && pull_request.since != moment;
        let gone = self.pull_requests.iter().filter(|(_, pull_request)| gone(pull_request));
        for id in gone.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.forget_pull_request(&id);
        }
        self.deleted_repositories.push(name.to_owned());
    }

    pub(crate) fn forget_repository(&mut self, name: &str) {
        self.repositories.retain(|other| other != name);
        self.tips.retain(|(repository, _), _| repository != name);
    }

    pub(crate) fn forget_pull_request(&mut self, id: &str) {
        self.pull_requests.remove(id);
        self.comments.retain(|_, comment| comment.pull_request != id);
        self.comment_ids.retain(|id| self.comments.contains_key(id));
    }

    pub(crate) fn add_comment(&mut self, id: &str, comment: Comment) {
        // A repeated token is answered with what is known.
        if !self.comments.contains_key(id) && self.pull_requests.contains_key(&comment.pull_request) {
            self.comments.insert(id.to_owned(), comment);
            self.comment_ids.push(id.to_owned());
        }
    }
}
