"""Git as a person uses it, on clones of their own."""

import pathlib
import subprocess
import tempfile
import typing
import unittest
import uuid

import local_aws

BUILDSPEC = """\
version: 0.2
phases:
  build:
    commands:
      - echo "building $REPOSITORY_NAME"
      - ./test.sh
"""


class Clone:
    """A work tree in a folder of its own."""

    def __init__(self, repository: str) -> None:
        self.repository = repository
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        self.git("clone", "--quiet", f"{local_aws.url}/v1/repos/{repository}", ".")

    def git(self, *arguments: str) -> str:
        """Runs git and answers what it prints; a failure raises with what it said."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, capture_output=True, text=True, timeout=local_aws.LIMIT_SECONDS
        )
        if done.returncode:
            raise GitError(f"git {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def commit(self, files: dict[str, str]) -> str:
        """Commits these files and answers the commit's id; without files, an empty commit."""
        for name, content in files.items():
            path = self.folder / name
            path.write_text(content)
            if content.startswith("#!"):
                path.chmod(0o755)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", f"Change {', '.join(files) or 'nothing'}")
        return self.git("rev-parse", "HEAD")

    def push(self, branch: str, *options: str) -> None:
        """Pushes what is checked out to a branch."""
        self.git("push", "--quiet", *options, "origin", f"HEAD:refs/heads/{branch}")

    def close(self) -> None:
        self._folder.cleanup()


class GitError(Exception):
    """What git said when it failed."""


def new_name(what: str) -> str:
    """A repository's name that no other test has."""
    return f"{what}-{uuid.uuid4().hex[:8]}"


def push_first_commits(clone: Clone) -> None:
    """A main branch with a buildspec, and a branch `feature` whose tests pass."""
    clone.commit({"buildspec-tests.yaml": BUILDSPEC, "test.sh": "#!/bin/sh\nexit 0\n"})
    clone.push("main")
    clone.git("checkout", "--quiet", "-b", "feature")
    clone.commit({"README": "a feature\n"})
    clone.push("feature")


def create_with_first_commits(case: unittest.TestCase, codecommit: typing.Any, what: str) -> Clone:
    """A repository with the first commits, made by this client, and a clone of it until the test is over."""
    name = new_name(what)
    codecommit.create_repository(repositoryName=name)
    clone = Clone(name)
    case.addCleanup(clone.close)
    push_first_commits(clone)
    return clone
