"""A sitting with Git: what reaches the server, and what CodeCommit says about it afterwards."""

import concurrent.futures
import random
import unittest

import boto3

import api_model
import repository


class Git(unittest.TestCase):
    def setUp(self) -> None:
        session = boto3.session.Session()
        api_model.check_every_answer(session.events)
        self.codecommit = session.client("codecommit")
        self.name = repository.new_name("git")
        self.codecommit.create_repository(repositoryName=self.name)

    def clone(self) -> repository.Clone:
        clone = repository.Clone(self.name)
        self.addCleanup(clone.close)
        return clone

    def tip(self, branch: str) -> str:
        return self.codecommit.get_branch(repositoryName=self.name, branchName=branch)["branch"]["commitId"]

    def test_an_empty_repository_is_cloned_and_filled(self) -> None:
        clone = self.clone()
        commit = clone.commit({"a": "1\n"})
        clone.push("main")
        self.assertEqual(self.tip("main"), commit)
        other = self.clone()
        self.assertEqual(other.git("rev-parse", "HEAD"), commit)
        self.assertEqual(other.git("branch", "--show-current"), "main")

    def test_fetch_sees_what_another_clone_pushed(self) -> None:
        first = self.clone()
        first.commit({"a": "1\n"})
        first.push("main")
        second = self.clone()
        pushed = first.commit({"a": "2\n"})
        first.push("main")
        second.git("fetch", "--quiet")
        self.assertEqual(second.git("rev-parse", "origin/main"), pushed)
        shallow = self.clone()
        shallow.git("fetch", "--quiet", "--depth", "1", "origin", "main")
        self.assertEqual(shallow.git("cat-file", "-t", pushed), "commit")

    def test_a_forced_push_is_a_new_revision_and_a_plain_one_is_refused(self) -> None:
        clone = self.clone()
        repository.push_first_commits(clone)
        target = {"repositoryName": self.name, "sourceReference": "feature", "destinationReference": "main"}
        opened = self.codecommit.create_pull_request(title="Feature", targets=[target])["pullRequest"]
        clone.git("commit", "--quiet", "--amend", "--message", "Another word for it")
        with self.assertRaisesRegex(repository.GitError, "rejected"):
            clone.push("feature")
        clone.push("feature", "--force")
        changed = self.codecommit.get_pull_request(pullRequestId=opened["pullRequestId"])["pullRequest"]
        self.assertEqual(changed["pullRequestTargets"][0]["sourceCommit"], clone.git("rev-parse", "HEAD"))
        self.assertNotEqual(changed["revisionId"], opened["revisionId"])
        clone.git("push", "--quiet", "origin", ":feature")
        with self.assertRaises(self.codecommit.exceptions.BranchDoesNotExistException):
            self.tip("feature")

    def test_tags(self) -> None:
        clone = self.clone()
        clone.commit({"a": "1\n"})
        clone.push("main")
        clone.git("tag", "light")
        clone.git("tag", "--annotate", "--message", "A release", "heavy")
        clone.git("push", "--quiet", "--tags")
        self.assertEqual(set(self.clone().git("tag", "--list").split()), {"light", "heavy"})
        clone.git("push", "--quiet", "--delete", "origin", "light")
        self.assertNotIn("light", clone.git("ls-remote", "--tags", "origin"))

    def test_a_large_push(self) -> None:
        clone = self.clone()
        noise = random.Random(7)
        # Random bytes do not compress: Git sends this push in chunks.
        (clone.folder / "large").write_bytes(noise.randbytes(24 * 1024 * 1024))
        commit = clone.commit({f"small-{each}": f"{each}\n" for each in range(500)})
        clone.push("main")
        other = self.clone()
        self.assertEqual(other.git("rev-parse", "HEAD"), commit)
        self.assertEqual((other.folder / "large").stat().st_size, 24 * 1024 * 1024)
        other.git("fsck", "--no-progress")

    def test_several_at_once(self) -> None:
        first = self.clone()
        first.commit({"a": "1\n"})
        first.push("main")

        def push(each: int) -> tuple[str, str]:
            clone = self.clone()
            commit = clone.commit({f"file-{each}": f"{each}\n"})
            clone.push(f"branch-{each}")
            return f"branch-{each}", commit

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            pushed = list(pool.map(push, range(8)))
        for branch, commit in pushed:
            self.assertEqual(self.tip(branch), commit)

    def test_of_several_at_once_to_one_branch_one_wins(self) -> None:
        first = self.clone()
        first.commit({"a": "1\n"})
        first.push("main")
        clones = [self.clone() for _ in range(4)]
        commits = [clone.commit({"a": f"from {each}\n"}) for each, clone in enumerate(clones)]

        def push(clone: repository.Clone) -> bool:
            try:
                clone.push("main")
            except repository.GitError:
                return False
            return True

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            won = list(pool.map(push, clones))
        self.assertEqual(won.count(True), 1)
        self.assertEqual(self.tip("main"), commits[won.index(True)])

    def test_a_repository_that_is_not_there(self) -> None:
        with self.assertRaisesRegex(repository.GitError, "not found|404|does not"):
            repository.Clone("no-such-repository")
