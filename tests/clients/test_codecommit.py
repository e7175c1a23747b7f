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
        merged = self.codecommit.merge_pull_request_by_three_way(**request)["pullRequest"]
        self.assertEqual(merged["pullRequestStatus"], "CLOSED")
        merge = merged["pullRequestTargets"][0]["mergeMetadata"]
        self.assertTrue(merge["isMerged"])
        tip = self.codecommit.get_branch(repositoryName=self.name, branchName="main")["branch"]["commitId"]
        self.assertEqual(tip, merge["mergeCommitId"])
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
        self.codecommit.put_comment_reaction(commentId=comment, reactionValue="none")
        self.assertEqual(self.codecommit.get_comment_reactions(commentId=comment)["reactionsForComment"], [])
        with self.assertRaises(self.codecommit.exceptions.InvalidReactionValueException):
            self.codecommit.put_comment_reaction(commentId=comment, reactionValue="great")
