"""The AWS CLI: the real `aws`, with a plugin that checks every answer it gets."""

import json
import pathlib
import shlex
import subprocess
import sys

import api_model
import local_aws


class CommandFailed(Exception):
    """A command that ended with another exit code than 0."""

    def __init__(self, command: str, code: int, output: str) -> None:
        super().__init__(f"aws {command} ended with {code}: {output}")
        self.output = output


def aws(command: str, **values: str) -> object:
    """Runs `aws COMMAND` and answers what it printed, from JSON where it is JSON. `{name}` stands for a value."""
    arguments = [word.format(**values) for word in shlex.split(command)]
    program = pathlib.Path(sys.executable).parent / "aws"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=local_aws.LIMIT_SECONDS)
    if done.returncode:
        raise CommandFailed(command, done.returncode, done.stderr.strip())
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout.strip()


def awscli_initialize(events: object) -> None:
    """Where the AWS CLI begins with a plugin, in its own process; `local_aws` names this file as one."""
    api_model.check_every_answer(events)
