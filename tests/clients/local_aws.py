"""The one local AWS that all clients share, and how each of them reaches it."""

import contextlib
import os
import pathlib
import subprocess
import tempfile
import time
import typing

REGION = "us-east-1"
ACCOUNT = "123456789012"
HOOK = "pull-request-hook"

#: A buildspec whose build reports tests, one of which failed, and their coverage.
REPORTING = """version: 0.2
phases:
  build:
    commands:
      - |
        cat > junit.xml <<'END'
        <testsuite name="cart"><testcase classname="cart" name="adds"/><testcase classname="cart" name="rounds"/>
        <testcase classname="cart" name="removes" time="1.5"><failure message="expected 4, got 5"/></testcase></testsuite>
        END
        cat > cobertura.xml <<'END'
        <coverage><class filename="a.py"><line number="1" hits="1"/><line number="2" hits="1"/></class>
        <class filename="b.py"><line number="1" hits="1"/><line number="2" hits="0"/></class></coverage>
        END
reports:
  coverage: { files: [ cobertura.xml ], file-format: COBERTURAXML }
  tests: { files: [ "**/junit.xml" ] }
"""

#: Where it answers, once it does.
url = ""

#: How long anything may take before it counts as never.
LIMIT_SECONDS = 120.0


@contextlib.contextmanager
def start(binaries: pathlib.Path, template: pathlib.Path) -> typing.Iterator[None]:
    """Starts local-aws on a free port, and stops it in the end."""
    global url
    command = [binaries / "local-aws", "--port", "0", "--template", template, "--binaries", binaries]
    with tempfile.TemporaryDirectory() as home, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = read_url(process)
            os.environ.update(client_environment(pathlib.Path(home)))
            yield
        finally:
            process.terminate()


def read_url(process: subprocess.Popen) -> str:
    """What a person would paste, from the lines before `ready`."""
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if lines[-1] == "ready":
            variables = dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
            return variables["AWS_ENDPOINT_URL"]
    raise RuntimeError("local-aws ended before it was ready: " + "\n".join(lines))


def client_environment(home: pathlib.Path) -> dict[str, str]:
    """What local-aws says to export, and nothing of this machine's own settings of AWS and Git."""
    settings = home / ".aws" / "config"
    settings.parent.mkdir()
    settings.write_text("[plugins]\ncheck = command_line\n")
    for name in list(os.environ):
        if name.startswith(("AWS_", "GIT_", "BOTO_")):
            del os.environ[name]
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "AWS_MAX_ATTEMPTS": "1",
        "HOME": str(home),
        "PYTHONPATH": str(pathlib.Path(__file__).parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
    }


def run_build(codebuild: typing.Any, buildspec: str) -> dict:
    """Runs a build of the hook's project, without a source, to its end."""
    build = codebuild.start_build(projectName=HOOK, buildspecOverride=buildspec)["build"]["id"]
    [done] = wait_for(
        "the end of the build",
        lambda: codebuild.batch_get_builds(ids=[build])["builds"],
        lambda builds: all(each["buildComplete"] for each in builds),
    )
    return done


Answer = typing.TypeVar("Answer")


def wait_for(what: str, ask: typing.Callable[[], Answer], holds: typing.Callable[[Answer], object]) -> Answer:
    """Asks until the answer is as wanted. Another process can only be asked again: this is the one place with a pause."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while True:
        answer = ask()
        if holds(answer):
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {LIMIT_SECONDS:.0f} seconds; the last answer was {answer}")
        time.sleep(0.1)
