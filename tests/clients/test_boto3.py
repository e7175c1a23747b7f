"""A sitting with boto3: its paginators and waiters, on more than fits on a page."""

import concurrent.futures
import datetime
import unittest

import boto3
import botocore.exceptions

import api_model
import local_aws
import repository


class Boto3TestCase(unittest.TestCase):
    """Clients of one session, each of whose answers is checked."""

    def setUp(self) -> None:
        self.session = boto3.session.Session()
        self.answered = api_model.check_every_answer(self.session.events)

    def client(self, service: str):
        return self.session.client(service)

    def pages(self, service: str, operation: str, size: int | None = None, **arguments: object) -> list[dict]:
        """All pages; a size is for operations that take one."""
        paginator = self.client(service).get_paginator(operation)
        return list(paginator.paginate(**arguments, PaginationConfig={"PageSize": size} if size else {}))


class Paginators(Boto3TestCase):
    def test_pull_requests_and_their_comments(self) -> None:
        codecommit = self.client("codecommit")
        name = repository.create_with_first_commits(self, codecommit, "pages").repository
        numbers = [
            codecommit.create_pull_request(
                title=f"Feature {each}",
                targets=[{"repositoryName": name, "sourceReference": "feature", "destinationReference": "main"}],
            )["pullRequest"]["pullRequestId"]
            for each in range(3)
        ]
        pages = self.pages("codecommit", "list_pull_requests", 2, repositoryName=name)
        self.assertEqual([len(page["pullRequestIds"]) for page in pages], [2, 1])
        self.assertCountEqual([number for page in pages for number in page["pullRequestIds"]], numbers)

        [target] = codecommit.get_pull_request(pullRequestId=numbers[0])["pullRequest"]["pullRequestTargets"]
        for each in range(5):
            codecommit.post_comment_for_pull_request(
                pullRequestId=numbers[0],
                repositoryName=name,
                beforeCommitId=target["destinationCommit"],
                afterCommitId=target["sourceCommit"],
                content=f"comment {each}",
            )
        pages = self.pages("codecommit", "get_comments_for_pull_request", 2, pullRequestId=numbers[0])
        self.assertGreaterEqual(len(pages), 3)
        mine = [
            comment["content"]
            for page in pages
            for thread in page["commentsForPullRequestData"]
            for comment in thread["comments"]
            if comment["content"].startswith("comment ")
        ]
        self.assertEqual(sorted(mine), [f"comment {each}" for each in range(5)])

    def test_repositories(self) -> None:
        codecommit = self.client("codecommit")
        names = {repository.new_name("many") for _ in range(3)}
        for name in names:
            codecommit.create_repository(repositoryName=name)
        found = [each["repositoryName"] for page in self.pages("codecommit", "list_repositories") for each in page["repositories"]]
        self.assertLessEqual(names, set(found))
        self.assertEqual(len(found), len(set(found)))
        with self.assertRaises(codecommit.exceptions.RepositoryNameExistsException):
            codecommit.create_repository(repositoryName=found[0])

    def test_builds_and_their_logs(self) -> None:
        codebuild, logs = self.client("codebuild"), self.client("logs")
        inline = "version: 0.2\nphases:\n  build:\n    commands:\n      - seq 1 7\n"
        builds = [
            codebuild.start_build(projectName=local_aws.HOOK, buildspecOverride=inline)["build"]["id"] for _ in range(2)
        ]
        done = local_aws.wait_for(
            "the end of both builds",
            lambda: codebuild.batch_get_builds(ids=builds)["builds"],
            lambda answer: all(build["buildComplete"] for build in answer),
        )
        self.assertEqual({build["buildStatus"] for build in done}, {"SUCCEEDED"})
        listed = [id for page in self.pages("codebuild", "list_builds") for id in page["ids"]]
        self.assertLessEqual(set(builds), set(listed))
        of_project = self.pages("codebuild", "list_builds_for_project", projectName=local_aws.HOOK)
        self.assertLessEqual(set(builds), {id for page in of_project for id in page["ids"]})
        self.assertEqual(self.pages("codebuild", "list_projects")[0]["projects"], [local_aws.HOOK])

        group = done[0]["logs"]["groupName"]
        streams = [build["logs"]["streamName"] for build in done]
        groups = [each["logGroupName"] for page in self.pages("logs", "describe_log_groups", 1) for each in page["logGroups"]]
        self.assertIn(group, groups)
        listed = self.pages("logs", "describe_log_streams", 1, logGroupName=group, orderBy="LastEventTime")
        self.assertLessEqual(set(streams), {each["logStreamName"] for page in listed for each in page["logStreams"]})
        found = self.pages("logs", "filter_log_events", 3, logGroupName=group, logStreamNames=streams)
        events = [event for page in found for event in page["events"]]
        self.assertTrue(all(len(page["events"]) <= 3 for page in found))
        self.assertEqual(len({event["eventId"] for event in events}), len(events))
        for stream in streams:
            lines = [event["message"] for event in events if event["logStreamName"] == stream]
            self.assertEqual([line for line in lines if line.isdigit()], list("1234567"))
            whole = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
            self.assertEqual([event["message"] for event in whole["events"]], lines)

    def test_reports(self) -> None:
        codebuild = self.client("codebuild")
        build = local_aws.run_build(codebuild, local_aws.REPORTING)
        self.assertEqual(build["buildStatus"], "SUCCEEDED")
        group = f"{local_aws.HOOK}-tests"
        coverage, tests = local_aws.wait_for(
            "the reports of the build",
            lambda: codebuild.batch_get_reports(reportArns=build["reportArns"])["reports"],
            lambda reports: all(report["status"] != "GENERATING" for report in reports),
        )
        self.assertEqual((tests["name"], tests["type"], tests["status"]), (group, "TEST", "FAILED"))
        self.assertEqual(tests["testSummary"]["statusCounts"], {"SUCCEEDED": 2, "FAILED": 1, "ERROR": 0, "SKIPPED": 0, "UNKNOWN": 0})
        self.assertEqual(tests["expired"] - tests["created"].replace(microsecond=0), datetime.timedelta(days=30))
        pages = self.pages("codebuild", "describe_test_cases", 2, reportArn=tests["arn"])
        self.assertEqual([len(page["testCases"]) for page in pages], [2, 1])
        self.assertEqual([case["name"] for page in pages for case in page["testCases"]], ["removes", "adds", "rounds"])
        [failed] = codebuild.describe_test_cases(reportArn=tests["arn"], filter={"status": "FAILED"})["testCases"]
        self.assertEqual((failed["message"], failed["durationInNanoSeconds"]), ("expected 4, got 5", 1_500_000_000))

        self.assertEqual((coverage["type"], coverage["status"]), ("CODE_COVERAGE", "SUCCEEDED"))
        self.assertEqual(coverage["codeCoverageSummary"]["lineCoveragePercentage"], 75.0)
        pages = self.pages("codebuild", "describe_code_coverages", 1, reportArn=coverage["arn"], sortBy="LINE_COVERAGE_PERCENTAGE")
        files = [file for page in pages for file in page["codeCoverages"]]
        self.assertEqual([(file["filePath"], file["linesMissed"]) for file in files], [("b.py", 1), ("a.py", 0)])

        listed = [arn for page in self.pages("codebuild", "list_reports", 1) for arn in page["reports"]]
        self.assertLessEqual({tests["arn"], coverage["arn"]}, set(listed))
        of_group = self.pages("codebuild", "list_reports_for_report_group", 1, reportGroupArn=tests["reportGroupArn"])
        self.assertIn([tests["arn"]], [page["reports"] for page in of_group])
        groups = [arn for page in self.pages("codebuild", "list_report_groups", 1) for arn in page["reportGroups"]]
        self.assertIn(tests["reportGroupArn"], groups)
        [found] = codebuild.batch_get_report_groups(reportGroupArns=[tests["reportGroupArn"]])["reportGroups"]
        self.assertEqual((found["name"], found["type"]), (group, "TEST"))
        with self.assertRaises(codebuild.exceptions.ResourceNotFoundException):
            codebuild.describe_test_cases(reportArn=tests["arn"] + "0")
        with self.assertRaises(codebuild.exceptions.InvalidInputException):
            codebuild.describe_code_coverages(reportArn=tests["arn"] + "0")

    def test_rules_targets_functions_and_queues(self) -> None:
        rules = [rule["Name"] for page in self.pages("events", "list_rules", 1) for rule in page["Rules"]]
        self.assertEqual((len(rules), rules), (4, sorted(rules)))
        for rule in rules:
            pages = self.pages("events", "list_targets_by_rule", 1, Rule=rule)
            self.assertEqual([len(page["Targets"]) for page in pages], [1, 1] if "Sweep" in rule else [1])
        pages = self.pages("lambda", "list_functions", 1)
        self.assertEqual([len(page["Functions"]) for page in pages], [1, 1])
        queues = self.pages("sqs", "list_queues")[0]["QueueUrls"]
        for function in (page["Functions"][0] for page in pages):
            invocations = self.client("lambda").get_function_event_invoke_config(FunctionName=function["FunctionArn"])
            destination = invocations["DestinationConfig"]["OnFailure"]["Destination"]
            self.assertIn(destination.rsplit(":")[-1], [url.rsplit("/")[-1] for url in queues])


class Waiters(Boto3TestCase):
    def test_functions_are_there_and_active(self) -> None:
        client = self.client("lambda")
        for function in client.list_functions()["Functions"]:
            for waiter in ("function_exists", "function_active", "function_active_v2", "function_updated", "function_updated_v2"):
                client.get_waiter(waiter).wait(FunctionName=function["FunctionName"])

    def test_a_function_that_never_comes(self) -> None:
        waiter = self.client("lambda").get_waiter("function_exists")
        with self.assertRaises(botocore.exceptions.WaiterError):
            waiter.wait(FunctionName="no-such", WaiterConfig={"Delay": 0, "MaxAttempts": 2})


class Tokens(Boto3TestCase):
    def test_a_repeated_request_is_answered_with_what_it_made(self) -> None:
        codebuild = self.client("codebuild")
        inline = "version: 0.2\nphases:\n  build:\n    commands:\n      - 'true'\n"
        request = {"projectName": local_aws.HOOK, "buildspecOverride": inline, "idempotencyToken": repository.new_name("t")}
        first = codebuild.start_build(**request)["build"]["id"]
        self.assertEqual(codebuild.start_build(**request)["build"]["id"], first)
        with self.assertRaises(codebuild.exceptions.InvalidInputException):
            codebuild.start_build(**request, sourceVersion="other")

    def test_several_at_once_make_one_pull_request(self) -> None:
        codecommit = self.client("codecommit")
        name = repository.create_with_first_commits(self, codecommit, "token").repository
        request = {
            "title": "Once",
            "clientRequestToken": name,
            "targets": [{"repositoryName": name, "sourceReference": "feature", "destinationReference": "main"}],
        }
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: codecommit.create_pull_request(**request), range(8)))
        self.assertEqual(len({answer["pullRequest"]["pullRequestId"] for answer in answers}), 1)
        with self.assertRaises(codecommit.exceptions.IdempotencyParameterMismatchException):
            codecommit.create_pull_request(**{**request, "title": "Twice"})

    def test_the_caller(self) -> None:
        self.assertEqual(self.client("sts").get_caller_identity()["Account"], local_aws.ACCOUNT)
        self.assertEqual(self.answered, ["sts.GetCallerIdentity"])
