"""A sitting with the AWS CLI, from a new repository to the comment of a failed build, and a look at everything else."""

import json
import pathlib
import re
import tempfile
import unittest

import local_aws
import repository
from command_line import CommandFailed, aws


def sqs(command: str, **values: str) -> object:
    """`aws sqs`: version 1 of the CLI passes over AWS_ENDPOINT_URL for this one service."""
    return aws(f"sqs {command} --endpoint-url {{endpoint}}", endpoint=local_aws.url, **values)


class PullRequestSitting(unittest.TestCase):
    def test_a_pull_request_is_built_and_commented(self) -> None:
        name = repository.new_name("cli")
        created = aws("codecommit create-repository --repository-name {name} --repository-description x", name=name)
        self.assertEqual(created["repositoryMetadata"]["Arn"], f"arn:aws:codecommit:us-east-1:{local_aws.ACCOUNT}:{name}")
        clone = repository.Clone(name)
        self.addCleanup(clone.close)
        repository.push_first_commits(clone)
        clone.commit({"test.sh": "#!/bin/sh\necho 'expected 4, got 5'\nexit 3\n"})
        clone.push("feature")
        self.assertIn(name, [each["repositoryName"] for each in aws("codecommit list-repositories")["repositories"]])
        self.assertEqual(
            aws("codecommit get-repository --repository-name {name}", name=name)["repositoryMetadata"]["defaultBranch"], "main"
        )
        tip = aws("codecommit get-branch --repository-name {name} --branch-name feature", name=name)["branch"]["commitId"]
        self.assertEqual(tip, clone.git("rev-parse", "HEAD"))
        commit = aws("codecommit get-commit --repository-name {name} --commit-id {tip}", name=name, tip=tip)["commit"]
        self.assertEqual(commit["author"]["email"], "ada@example.com")

        opened = aws(
            "codecommit create-pull-request --title Feature --description d --client-request-token {name}"
            " --targets repositoryName={name},sourceReference=feature,destinationReference=main",
            name=name,
        )["pullRequest"]
        number = opened["pullRequestId"]
        self.assertEqual(
            aws("codecommit list-pull-requests --repository-name {name} --pull-request-status OPEN", name=name),
            {"pullRequestIds": [number]},
        )

        comments = local_aws.wait_for(
            "the comment of the failed build",
            lambda: aws("codecommit get-comments-for-pull-request --pull-request-id {number}", number=number),
            lambda answer: "exit status 3" in json.dumps(answer),
        )
        [thread] = comments["commentsForPullRequestData"]
        self.assertEqual(thread["afterCommitId"], tip)
        [comment] = [comment for comment in thread["comments"] if "inReplyTo" not in comment]
        self.assertIn(":assumed-role/", comment["authorArn"])

        builds = aws("codebuild list-builds-for-project --project-name {hook}", hook=local_aws.HOOK)["ids"]
        [build] = [
            build
            for build in aws("codebuild batch-get-builds --ids {ids}", ids=builds[0])["builds"]
            if build["sourceVersion"] == tip
        ]
        self.assertEqual(build["buildStatus"], "FAILED")
        log = aws(
            "logs get-log-events --log-group-name {group} --log-stream-name {stream} --start-from-head",
            group=build["logs"]["groupName"],
            stream=build["logs"]["streamName"],
        )
        self.assertIn("expected 4, got 5", [event["message"] for event in log["events"]])
        found = aws(
            "logs filter-log-events --log-group-name {group} --log-stream-names {stream} --filter-pattern '\"expected 4\" -nothing'",
            group=build["logs"]["groupName"],
            stream=build["logs"]["streamName"],
        )
        self.assertEqual([event["message"] for event in found["events"]], ["expected 4, got 5"])

        again = aws("codebuild retry-build --id {id}", id=build["id"])["build"]
        stopped = aws("codebuild stop-build --id {id}", id=again["id"])["build"]
        self.assertTrue(stopped["buildComplete"])

        posted = aws(
            "codecommit post-comment-for-pull-request --pull-request-id {number} --repository-name {name}"
            " --before-commit-id {before} --after-commit-id {tip} --content Hello",
            number=number,
            name=name,
            before=opened["pullRequestTargets"][0]["destinationCommit"],
            tip=tip,
        )["comment"]
        changed = aws("codecommit update-comment --comment-id {id} --content Bye", id=posted["commentId"])["comment"]
        self.assertEqual(changed["content"], "Bye")
        aws("codecommit delete-comment-content --comment-id {id}", id=posted["commentId"])
        with self.assertRaisesRegex(CommandFailed, "CommentDeletedException"):
            aws("codecommit get-comment --comment-id {id}", id=posted["commentId"])
        closed = aws(
            "codecommit update-pull-request-status --pull-request-id {number} --pull-request-status CLOSED", number=number
        )
        self.assertEqual(closed["pullRequest"]["pullRequestStatus"], "CLOSED")

    def test_errors_carry_their_codes(self) -> None:
        cases = {
            "codecommit get-repository --repository-name no-such": "RepositoryDoesNotExistException",
            "codecommit create-repository --repository-name x.git": "InvalidRepositoryNameException",
            "codecommit get-pull-request --pull-request-id 999999": "PullRequestDoesNotExistException",
            "codecommit get-pull-request --pull-request-id x": "InvalidPullRequestIdException",
            "codecommit get-comment --comment-id x": "InvalidCommentIdException",
            "codebuild start-build --project-name no-such": "ResourceNotFoundException",
            "codebuild stop-build --id no-such:1": "ResourceNotFoundException",
            "codebuild list-builds-for-project --project-name no-such": "ResourceNotFoundException",
            "codebuild describe-test-cases --report-arn no-such": "ResourceNotFoundException",
            "codebuild describe-code-coverages --report-arn no-such": "InvalidInputException",
            "codebuild list-reports-for-report-group --report-group-arn no-such": "ResourceNotFoundException",
            "codebuild create-webhook --project-name no-such": "NotModeledByLocalAws",
            "logs describe-log-streams --log-group-name no-such": "ResourceNotFoundException",
            "logs filter-log-events --log-group-name x --filter-pattern '%a%'": "NotModeledByLocalAws",
            "events describe-rule --name no-such": "ResourceNotFoundException",
            "events put-rule --name x --event-pattern {{}}": "NotModeledByLocalAws",
            "lambda get-function --function-name no-such": "ResourceNotFoundException",
            "lambda delete-function --function-name x": "NotModeledByLocalAws",
            "sqs get-queue-url --queue-name no-such --endpoint-url {url}": "AWS.SimpleQueueService.NonExistentQueue",
            "sts get-session-token": "NotModeledByLocalAws",
        }
        for command, code in cases.items():
            with self.subTest(command), self.assertRaisesRegex(CommandFailed, re.escape(f"({code})")):
                aws(command, url=local_aws.url)


class Lookaround(unittest.TestCase):
    def test_who_am_i(self) -> None:
        who = aws("sts get-caller-identity")
        self.assertEqual((who["Account"], who["Arn"]), (local_aws.ACCOUNT, f"arn:aws:iam::{local_aws.ACCOUNT}:user/developer"))

    def test_the_project(self) -> None:
        self.assertEqual(aws("codebuild list-projects --sort-by NAME")["projects"], [local_aws.HOOK])
        answer = aws("codebuild batch-get-projects --names {hook} other", hook=local_aws.HOOK)
        self.assertEqual(answer["projectsNotFound"], ["other"])
        [project] = answer["projects"]
        self.assertEqual((project["name"], project["source"]["type"]), (local_aws.HOOK, "NO_SOURCE"))
        self.assertIn("ids", aws("codebuild list-builds"))

    def test_the_reports_of_a_build(self) -> None:
        started = aws(
            "codebuild start-build --project-name {hook} --buildspec-override {buildspec}",
            hook=local_aws.HOOK,
            buildspec=local_aws.REPORTING,
        )["build"]
        [build] = local_aws.wait_for(
            "the end of the build",
            lambda: aws("codebuild batch-get-builds --ids {id}", id=started["id"])["builds"],
            lambda builds: builds[0]["buildComplete"],
        )
        _, tests = build["reportArns"]
        [report] = local_aws.wait_for(
            "the report",
            lambda: aws("codebuild batch-get-reports --report-arns {tests}", tests=tests)["reports"],
            lambda reports: reports[0]["status"] != "GENERATING",
        )
        self.assertEqual((report["executionId"], report["testSummary"]["total"]), (build["arn"], 3))
        [case] = aws("codebuild describe-test-cases --report-arn {tests} --filter status=FAILED", tests=tests)["testCases"]
        self.assertEqual((case["prefix"], case["name"]), ("cart", "removes"))
        none = aws("codebuild describe-test-cases --report-arn {tests} --filter keyword=nothing", tests=tests)
        self.assertEqual(none, {"testCases": []})

    def test_rules_targets_and_functions(self) -> None:
        rules = aws("events list-rules")["Rules"]
        self.assertEqual(len(rules), 4)
        functions = {function["FunctionArn"]: function for function in aws("lambda list-functions")["Functions"]}
        for rule in rules:
            described = aws("events describe-rule --name {name}", name=rule["Name"])
            when = "ScheduleExpression" if "Sweep" in rule["Name"] else "EventPattern"
            self.assertEqual(described[when], rule[when])
            targets = aws("events list-targets-by-rule --rule {name}", name=rule["Name"])["Targets"]
            self.assertEqual(len(targets), 2 if "Sweep" in rule["Name"] else 1)
            for target in targets:
                function = functions[target["Arn"]]
                found = aws("lambda get-function --function-name {name}", name=function["FunctionName"])
                self.assertEqual(found["Configuration"], function)

    def test_an_event_of_ones_own(self) -> None:
        entries = json.dumps(
            [
                {"Source": "ci.example", "DetailType": "Example", "Detail": "{}"},
                {"Source": "aws.codecommit", "DetailType": "Example", "Detail": "{}"},
            ]
        )
        answer = aws("events put-events --entries {entries}", entries=entries)
        self.assertEqual(answer["FailedEntryCount"], 1)
        self.assertEqual(answer["Entries"][1]["ErrorCode"], "NotAuthorizedForSourceException")

    def test_a_function_that_is_invoked(self) -> None:
        functions = aws("lambda list-functions")["Functions"]
        [name] = [function["FunctionName"] for function in functions if "tart" in function["FunctionName"]]
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "answer.json"
            answer = aws("lambda invoke --function-name {name} --payload {{}} {out}", name=name, out=str(out))
            self.assertEqual((answer["StatusCode"], answer["FunctionError"]), (200, "Unhandled"))
            self.assertIn("errorMessage", json.loads(out.read_text()))

    def test_the_queue(self) -> None:
        [url] = sqs("list-queues")["QueueUrls"]
        name = url.rsplit("/", 1)[-1]
        self.assertEqual(sqs("get-queue-url --queue-name {name}", name=name)["QueueUrl"], url)
        sent = sqs("send-message --queue-url {url} --message-body hello", url=url)
        attributes = sqs("get-queue-attributes --queue-url {url} --attribute-names All", url=url)["Attributes"]
        self.assertIn(f":{name}", attributes["QueueArn"])
        messages = local_aws.wait_for(
            "the message",
            lambda: sqs(
                "receive-message --queue-url {url} --attribute-names All --max-number-of-messages 10", url=url
            ),
            lambda answer: answer and sent["MessageId"] in [message["MessageId"] for message in answer["Messages"]],
        )["Messages"]
        for message in messages:
            sqs("delete-message --queue-url {url} --receipt-handle {handle}", url=url, handle=message["ReceiptHandle"])
        sqs("purge-queue --queue-url {url}", url=url)
        counted = sqs(
            "get-queue-attributes --queue-url {url} --attribute-names ApproximateNumberOfMessages", url=url
        )
        self.assertEqual(counted["Attributes"], {"ApproximateNumberOfMessages": "0"})
