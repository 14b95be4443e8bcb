"""Errors of the Spark process."""

from __future__ import annotations

from bricklane_local.errors import LocalError


class SparkError(LocalError):
    """The Spark process could not be built or started, or has ended.

    Args:
        message: names what happened and where the log is.
        hint: what to do next.
    """
