"""A sitting with CodeCommit's API alone: no work tree, from an empty repository to a merged pull request."""

import unittest

import boto3

import api_model
import repository


class WithoutGit(unittest.TestCase):
    def setUp(self) -> None:
        session = boto3.session.Session()
        api_model.check_every_answer(session.events)
        self.codecommit = session.client("codecommit")
        self.name = repository.new_name("api")
        self.codecommit.create_repository(repositoryName=self.name)
        self.main = self.put_file("main", "README", b"one\ntwo\n", parent=None)
        self.codecommit.create_branch(repositoryName=self.name, branchName="feature", commitId=self.main)
        self.feature = self.put_file("feature", "feature.txt", b"new\n", parent=self.main)

    def put_file(self, branch: str, path: str, content: bytes, parent: str | None) -> str:
        arguments = {"repositoryName": self.name, "branchName": branch, "filePath": path, "fileContent": content}
        if parent:
            arguments["parentCommitId"] = parent
        return self.codecommit.put_file(**arguments)["commitId"]

    def open_pull_request(self) -> str:
        target = {"repositoryName": self.name, "sourceReference": "feature", "destinationReference": "main"}
        return self.codecommit.create_pull_request(title="API", targets=[target])["pullRequest"]["pullRequestId"]

    def test_branches_and_files(self) -> None:
        branches = self.codecommit.list_branches(repositoryName=self.name)["branches"]
        self.assertEqual(sorted(branches), ["feature", "main"])
        file = self.codecommit.get_file(repositoryName=self.name, filePath="feature.txt", commitSpecifier="feature")
        self.assertEqual(file["fileContent"], b"new\n")
        self.assertEqual(self.codecommit.get_blob(repositoryName=self.name, blobId=file["blobId"])["content"], b"new\n")
        folder = self.codecommit.get_folder(repositoryName=self.name, folderPath="/", commitSpecifier="feature")
        self.assertEqual([each["absolutePath"] for each in folder["files"]], ["README", "feature.txt"])
        commit = self.codecommit.get_commit(repositoryName=self.name, commitId=self.feature)["commit"]
        self.assertEqual(commit["parents"], [self.main])
        [change] = self.codecommit.get_differences(
            repositoryName=self.name, beforeCommitSpecifier="main", afterCommitSpecifier="feature"
        )["differences"]
        self.assertEqual((change["changeType"], change["afterBlob"]["path"]), ("A", "feature.txt"))
        self.codecommit.delete_branch(repositoryName=self.name, branchName="feature")
        with self.assertRaises(self.codecommit.exceptions.BranchDoesNotExistException):
            self.codecommit.get_branch(repositoryName=self.name, branchName="feature")

    def test_a_merge(self) -> None:
        self.put_file("main", "other.txt", b"other\n", parent=self.main)
        number = self.open_pull_request()
        sides = {"repositoryName": self.name, "sourceCommitSpecifier": "feature", "destinationCommitSpecifier": "main"}
        options = self.codecommit.get_merge_options(**sides)["mergeOptions"]
        self.assertEqual(sorted(options), ["SQUASH_MERGE", "THREE_WAY_MERGE"])
        conflicts = self.codecommit.get_merge_conflicts(**sides, mergeOption="THREE_WAY_MERGE")
        self.assertTrue(conflicts["mergeable"])
        request = {"pullRequestId": number, "repositoryName": self.name}
        with self.assertRaises(self.codecommit.exceptions.ManualMergeRequiredException):
            self.codecommit.merge_pull_request_by_fast_forward(**request)
        self.assertNotIn("mergedCommitId", self.codecommit.get_merge_commit(**sides))
        merged = self.codecommit.merge_pull_request_by_three_way(**request)["pullRequest"]
        self.assertEqual(merged["pullRequestStatus"], "CLOSED")
        merge = merged["pullRequestTargets"][0]["mergeMetadata"]
        self.assertTrue(merge["isMerged"])
        tip = self.codecommit.get_branch(repositoryName=self.name, branchName="main")["branch"]["commitId"]
        self.assertEqual(tip, merge["mergeCommitId"])
        self.assertEqual(self.codecommit.get_merge_commit(**sides)["mergedCommitId"], tip)
        events = self.codecommit.describe_pull_request_events(pullRequestId=number)["pullRequestEvents"]
        self.assertEqual(events[-1]["pullRequestEventType"], "PULL_REQUEST_MERGE_STATE_CHANGED")

    def test_replies_and_reactions(self) -> None:
        number = self.open_pull_request()
        comment = self.codecommit.post_comment_for_pull_request(
            pullRequestId=number,
            repositoryName=self.name,
            beforeCommitId=self.main,
            afterCommitId=self.feature,
            content="Why?",
        )["comment"]["commentId"]
        reply = self.codecommit.post_comment_reply(inReplyTo=comment, content="Because.")["comment"]
        self.assertEqual(reply["inReplyTo"], comment)
        self.codecommit.put_comment_reaction(commentId=comment, reactionValue=":thumbsup:")
        seen = self.codecommit.get_comment(commentId=comment)["comment"]
        self.assertEqual((seen["callerReactions"], seen["reactionCounts"]), (["THUMBSUP"], {"THUMBSUP": 1}))
        [reaction] = self.codecommit.get_comment_reactions(commentId=comment)["reactionsForComment"]
        self.assertEqual(reaction["reaction"], {"emoji": "👍", "shortCode": "thumbsup", "unicode": "U+1F44D"})
        self.codecommit.put_comment_reaction(commentId=comment, reactionValue="😕")
        [reaction] = self.codecommit.get_comment_reactions(commentId=comment)["reactionsForComment"]
        self.assertEqual(reaction["reaction"], {"emoji": "😕", "shortCode": "confused", "unicode": "U+1F615"})
        self.codecommit.put_comment_reaction(commentId=comment, reactionValue="none")
        self.assertEqual(self.codecommit.get_comment_reactions(commentId=comment)["reactionsForComment"], [])
        with self.assertRaises(self.codecommit.exceptions.InvalidReactionValueException):
            self.codecommit.put_comment_reaction(commentId=comment, reactionValue="great")

    def test_comments_on_lines(self) -> None:
        number = self.open_pull_request()
        exceptions = self.codecommit.exceptions

        def post(path: str, line: int, version: str) -> dict:
            return self.codecommit.post_comment_for_pull_request(
                pullRequestId=number,
                repositoryName=self.name,
                beforeCommitId=self.main,
                afterCommitId=self.feature,
                location={"filePath": path, "filePosition": line, "relativeFileVersion": version},
                content="Here.",
            )

        posted = post("README", 2, "BEFORE")
        self.assertEqual(posted["location"]["filePosition"], 2)
        self.assertEqual(posted["beforeBlobId"], posted["afterBlobId"])
        self.assertNotIn("beforeBlobId", post("feature.txt", 1, "AFTER"))
        for path, line, version, error in [
            ("README", 3, "BEFORE", exceptions.InvalidFilePositionException),
            ("feature.txt", 1, "BEFORE", exceptions.PathDoesNotExistException),
            ("../README", 1, "AFTER", exceptions.InvalidPathException),
            ("README", 1, "BOTH", exceptions.InvalidRelativeFileVersionEnumException),
        ]:
            with self.assertRaises(error):
                post(path, line, version)
        threads = self.codecommit.get_comments_for_pull_request(pullRequestId=number)["commentsForPullRequestData"]
        # The hook comments, too, on no line.
        places = [each["location"]["filePath"] for each in threads if "location" in each]
        self.assertEqual(places, ["README", "feature.txt"])

    def test_words_and_descriptions(self) -> None:
        number = self.open_pull_request()
        changed = self.codecommit.update_pull_request_title(pullRequestId=number, title="Other")["pullRequest"]
        self.assertEqual(changed["title"], "Other")
        changed = self.codecommit.update_pull_request_description(pullRequestId=number, description="More")["pullRequest"]
        self.assertEqual((changed["title"], changed["description"]), ("Other", "More"))
        self.codecommit.update_repository_description(repositoryName=self.name, repositoryDescription="Money")
        self.codecommit.update_default_branch(repositoryName=self.name, defaultBranchName="feature")
        [metadata] = self.codecommit.batch_get_repositories(repositoryNames=[self.name])["repositories"]
        self.assertEqual((metadata["repositoryDescription"], metadata["defaultBranch"]), ("Money", "feature"))
        deleted = self.codecommit.delete_repository(repositoryName=self.name)
        self.assertEqual(deleted["repositoryId"], metadata["repositoryId"])
        self.assertNotIn("repositoryId", self.codecommit.delete_repository(repositoryName=self.name))

    def test_pages(self) -> None:
        number = self.open_pull_request()
        self.put_file("feature", "another.txt", b"another\n", parent=self.feature)

        def pages(operation: str, member: str, size: int | None = None, **arguments: object) -> list[list]:
            paginator = self.codecommit.get_paginator(operation)
            found = paginator.paginate(**arguments, PaginationConfig={"PageSize": size} if size else {})
            return [page[member] for page in found]

        [branches] = pages("list_branches", "branches", repositoryName=self.name)
        self.assertEqual(branches, ["feature", "main"])
        sides = {"repositoryName": self.name, "beforeCommitSpecifier": "main", "afterCommitSpecifier": "feature"}
        differences = pages("get_differences", "differences", 1, **sides)
        self.assertEqual([change["afterBlob"]["path"] for [change] in differences], ["another.txt", "feature.txt"])
        events = pages("describe_pull_request_events", "pullRequestEvents", 1, pullRequestId=number)
        self.assertEqual(
            [event["pullRequestEventType"] for [event] in events],
            ["PULL_REQUEST_CREATED", "PULL_REQUEST_SOURCE_REFERENCE_UPDATED"],
        )

    def test_a_commit_of_several_files(self) -> None:
        made = self.codecommit.create_commit(
            repositoryName=self.name,
            branchName="feature",
            parentCommitId=self.feature,
            putFiles=[{"filePath": "a/b", "fileContent": b"b\n"}, {"filePath": "c", "sourceFile": {"filePath": "README"}}],
            deleteFiles=[{"filePath": "feature.txt"}],
            setFileModes=[{"filePath": "README", "fileMode": "EXECUTABLE"}],
        )
        paths = {kind: [each["absolutePath"] for each in made[kind]] for kind in ("filesAdded", "filesUpdated", "filesDeleted")}
        self.assertEqual(paths, {"filesAdded": ["a/b", "c"], "filesUpdated": ["README"], "filesDeleted": ["feature.txt"]})
        self.assertIsInstance(self.codecommit.list_repositories()["repositories"], list)

    def test_conflicts_are_told_by_file(self) -> None:
        self.put_file("main", "README", b"one\nTWO\n", parent=self.main)
        self.put_file("feature", "README", b"one\n2\n", parent=self.feature)
        number = self.open_pull_request()
        sides = {"repositoryName": self.name, "sourceCommitSpecifier": "feature", "destinationCommitSpecifier": "main"}
        found = self.codecommit.get_merge_conflicts(**sides, mergeOption="SQUASH_MERGE", conflictDetailLevel="LINE_LEVEL")
        self.assertFalse(found["mergeable"])
        [conflict] = found["conflictMetadataList"]
        self.assertEqual((conflict["filePath"], conflict["numberOfConflicts"]), ("README", 1))
        for merge in ("merge_pull_request_by_squash", "merge_pull_request_by_three_way"):
            with self.assertRaises(self.codecommit.exceptions.ManualMergeRequiredException):
                getattr(self.codecommit, merge)(pullRequestId=number, repositoryName=self.name)
