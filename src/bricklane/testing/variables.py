"""Environment variables by which ``bricklane test`` tells a test run where it is."""

UNIT = "unit"
"""The one level that needs no workspace."""

LEVEL = "BRICKLANE_TEST_LEVEL"
"""The level that runs, such as ``unit``; unset when pytest is started by itself."""

TARGET = "BRICKLANE_TARGET"
"""The target of the bundle whose workspace the tests use; unset for the default target."""

SUMMARY = "BRICKLANE_BUNDLE_SUMMARY"
"""A file with what ``databricks bundle summary --output json`` says of the target."""

REPORTS = "BRICKLANE_TEST_REPORTS"
"""The folder that a test run leaves its reports in; unset when nobody asks for any."""

SPARK = "BRICKLANE_TEST_SPARK"
"""Where ``spark`` comes from, like the option ``--spark``, which wins."""

RERUNS = "BRICKLANE_TEST_RERUNS"
"""How often a test that fails is run again; ``bricklane test`` says it for each level."""

COVERAGE = "BRICKLANE_TEST_COVERAGE"
"""Folders of code whose coverage is measured, separated as in ``PATH``; unset for none."""

LEFT_OUT = "BRICKLANE_TEST_LEFT_OUT"
"""A file with the test files that ``--changed`` leaves out, one absolute path a line."""
