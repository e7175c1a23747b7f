"""What only version 2 of the AWS CLI has: `aws logs tail`. PyPI has no version 2, so it is the system's, where there is one."""

import os
import pathlib
import pty
import re
import signal
import subprocess
import threading
import typing
import unittest

import boto3

import local_aws
import repository


def find_aws_cli_2() -> tuple[str, int] | None:
    """The first `aws` of version 2 on the PATH, where an older one may stand before it, and its minor version."""
    for folder in os.environ["PATH"].split(os.pathsep):
        program = pathlib.Path(folder) / "aws"
        if program.is_file():
            answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=local_aws.LIMIT_SECONDS)
            if version := re.match(r"aws-cli/2\.(\d+)\.", answer.stdout):
                return str(program), int(version[1])
    return None


AWS_CLI_2 = find_aws_cli_2()


class Tail:
    """`aws logs tail --follow` at work on a terminal, as a person sees it: into a pipe, it would hold its lines back."""

    def __init__(self, aws_cli: tuple[str, int], group: str) -> None:
        program, minor = aws_cli
        command = [program, "logs", "tail", group, "--follow", "--format", "short", "--color", "off"]
        if minor < 13:
            # It does not know AWS_ENDPOINT_URL yet.
            command += ["--endpoint-url", local_aws.url]
        # The settings that the other clients share name a plugin, which is one of version 1.
        environment = {**os.environ, "AWS_CONFIG_FILE": os.devnull}
        self.lines: list[str] = []
        self._terminal, end = pty.openpty()
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=end, stderr=end, env=environment)
        os.close(end)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        with open(self._terminal, errors="replace", closefd=True) as output:
            try:
                self.lines.extend(line.rstrip() for line in output)
            except OSError:
                pass  # This is how a terminal ends whose other side is closed.

    def wait_for(self, text: str) -> None:
        local_aws.wait_for(f"the line {text!r}", lambda: list(self.lines), lambda lines: any(text in line for line in lines))

    def stop(self, sent: signal.Signals) -> int:
        """Sends a signal and answers how the program ended."""
        self._process.send_signal(sent)
        code = self._process.wait(local_aws.LIMIT_SECONDS)
        self._reader.join()
        return code


@unittest.skipUnless(AWS_CLI_2, "no `aws` of version 2 is on the PATH; install it (Debian: apt-get install awscli)")
class FollowingALog(unittest.TestCase):
    def build(self, clone: repository.Clone, word: str) -> None:
        clone.commit({"test.sh": f"#!/bin/sh\necho 'the word is {word}'\n"})
        clone.push("feature")

    def test_every_line_is_shown_once_until_a_signal_ends_it(self) -> None:
        codecommit, codebuild = boto3.client("codecommit"), boto3.client("codebuild")
        clone = repository.create_with_first_commits(self, codecommit, "tail")
        name = clone.repository
        self.build(clone, f"{name}-one")
        target = {"repositoryName": name, "sourceReference": "feature", "destinationReference": "main"}
        codecommit.create_pull_request(title="Feature", targets=[target])
        [project] = codebuild.batch_get_projects(names=[local_aws.HOOK])["projects"]

        tail = Tail(typing.cast(tuple, AWS_CLI_2), project["logsConfig"]["cloudWatchLogs"]["groupName"])
        try:
            tail.wait_for(f"the word is {name}-one")
            # It has read to the end; what follows, it finds by asking again.
            self.build(clone, f"{name}-two")
            tail.wait_for(f"the word is {name}-two")
        finally:
            # Not SIGINT: it is ignored in everything that a script has started in the background.
            code = tail.stop(signal.SIGTERM)
        self.assertIn(code, (-signal.SIGTERM, 128 + signal.SIGTERM), tail.lines)
        for word in ("one", "two"):
            shown = [line for line in tail.lines if line.endswith(f"the word is {name}-{word}")]
            self.assertEqual(len(shown), 1, tail.lines)
