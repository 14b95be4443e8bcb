"""Why the packages of an environment could not be had."""

from __future__ import annotations


class EnvironmentFailure(Exception):  # noqa: N818 - EnvironmentError is taken
    """The dependencies of an environment cannot be installed; the message says which and why."""
