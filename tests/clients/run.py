"""Runs the sittings of all clients with one local AWS, and closes with their counts."""

import argparse
import pathlib
import sys
import unittest

import local_aws


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", type=pathlib.Path, required=True, help="the folder with local-aws and the functions")
    parser.add_argument("--template", type=pathlib.Path, required=True, help="the CloudFormation template to load")
    parser.add_argument("tests", nargs="*", help="only these, such as test_git.Git.test_tags")
    arguments = parser.parse_args()

    loader = unittest.TestLoader()
    if arguments.tests:
        suite = loader.loadTestsFromNames(arguments.tests)
    else:
        suite = loader.discover(str(pathlib.Path(__file__).parent))
    with local_aws.start(arguments.binaries.resolve(), arguments.template.resolve()):
        result = unittest.TextTestRunner(verbosity=2).run(suite)
    unhappy = [*result.failures, *result.errors]
    # A test with several failed subtests is one failed test.
    failed = len({getattr(test, "test_case", test).id() for test, _ in unhappy})
    skipped = len(result.skipped)
    print(f"clients: {result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
