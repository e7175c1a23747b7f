//! The calls that both sweeps begin with: which repositories there are, and which open pull requests.

use aws_sdk_codecommit::{
    Client, operation::list_pull_requests::ListPullRequestsError, types::PullRequestStatusEnum,
};
use pull_request_build::{PullRequestId, RepositoryName, WalkAnswer, WalkStep};

use crate::CallFailure;

/// Makes a call of a sweep's walk. A name or an id that cannot be read is left out: there is nothing to do about it.
pub async fn walk(client: &Client, step: WalkStep) -> Result<WalkAnswer, CallFailure> {
    match step {
        // A thousand names a page; the size cannot be chosen.
        WalkStep::ListRepositories { page } => {
            let answer = client.list_repositories().set_next_token(page).send().await;
            let answer = answer.map_err(|error| CallFailure::sort("ListRepositories", &error))?;
            let names = answer.repositories().iter().filter_map(|repository| repository.repository_name());
            let names = names.filter_map(|name| RepositoryName::parse(name).ok()).collect();
            Ok(WalkAnswer::Repositories { names, next_page: answer.next_token })
        }
        // By default a hundred ids a page, the most that CodeCommit gives.
        WalkStep::ListPullRequests { repository_name, page } => {
            let request = client.list_pull_requests().repository_name(repository_name.as_str());
            let request = request.pull_request_status(PullRequestStatusEnum::Open).set_next_token(page);
            let (ids, next_page) = match request.send().await {
                Ok(answer) => (answer.pull_request_ids, answer.next_token),
                Err(error) => match error.as_service_error() {
                    Some(ListPullRequestsError::RepositoryDoesNotExistException(_)) => (Vec::new(), None),
                    _ => return Err(CallFailure::sort("ListPullRequests", &error)),
                },
            };
            let ids = ids.iter().filter_map(|id| PullRequestId::parse(id).ok()).collect();
            Ok(WalkAnswer::PullRequests { repository_name, ids, next_page })
        }
    }
}

#[cfg(test)]
mod tests {
    use replayed_aws::{Answer, ReplayedAws};
    use serde_json::{Value, json};

    use super::*;

    async fn make(
        operation: &'static str,
        answer: Answer,
        step: WalkStep,
    ) -> (Result<WalkAnswer, CallFailure>, Value) {
        let aws = ReplayedAws::new([(operation, answer)]);
        let result = walk(&Client::new(&aws.sdk_config()), step).await;
        (result, aws.requests().remove(0).body)
    }

    fn name(text: &str) -> RepositoryName {
        RepositoryName::parse(text).unwrap()
    }

    #[tokio::test]
    async fn repositories_come_in_pages() {
        let answer = json!({
            "repositories": [
                {"repositoryName": "payments", "repositoryId": "1"},
                {"repositoryName": "a name that none can have", "repositoryId": "2"},
                {"repositoryName": "shop", "repositoryId": "3"},
            ],
            "nextToken": "p3",
        });
        let step = WalkStep::ListRepositories { page: Some("p2".to_owned()) };
        let (result, request) = make("ListRepositories", Answer::json(answer), step).await;
        let names = vec![name("payments"), name("shop")];
        assert_eq!(result, Ok(WalkAnswer::Repositories { names, next_page: Some("p3".to_owned()) }));
        assert_eq!(request, json!({"nextToken": "p2"}));
    }

    fn of_payments(page: Option<&str>) -> WalkStep {
        WalkStep::ListPullRequests { repository_name: name("payments"), page: page.map(str::to_owned) }
    }

    fn pull_requests(ids: &[&str], next_page: Option<&str>) -> WalkAnswer {
        WalkAnswer::PullRequests {
            repository_name: name("payments"),
            ids: ids.iter().map(|id| PullRequestId::parse(id).unwrap()).collect(),
            next_page: next_page.map(str::to_owned),
        }
    }

    #[tokio::test]
    async fn only_open_pull_requests_are_asked_for() {
        let answer = json!({"pullRequestIds": ["42", "7"], "nextToken": "p2"});
        let (result, request) = make("ListPullRequests", Answer::json(answer), of_payments(None)).await;
        assert_eq!(result, Ok(pull_requests(&["42", "7"], Some("p2"))));
        assert_eq!(request, json!({"repositoryName": "payments", "pullRequestStatus": "OPEN"}));
    }

    #[tokio::test]
    async fn a_repository_that_is_gone_has_no_pull_requests() {
        let answer = Answer::error("RepositoryDoesNotExistException", "payments does not exist");
        let (result, _) = make("ListPullRequests", answer, of_payments(Some("p2"))).await;
        assert_eq!(result, Ok(pull_requests(&[], None)));
    }

    #[tokio::test]
    async fn a_refusal_names_the_operation() {
        for (operation, step) in [
            ("ListPullRequests", of_payments(None)),
            ("ListRepositories", WalkStep::ListRepositories { page: None }),
        ] {
            let answer = Answer::error("AccessDeniedException", "no");
            let failure = make(operation, answer, step).await.0.unwrap_err();
            assert!(failure.to_string().starts_with(operation), "{failure}");
        }
    }
}
