"""The loggers of pyspark that print each error of a query, which is raised anyway, as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Logger

NAMES = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")


def repeating_loggers() -> list[Logger]:
    """Return them; none before pyspark is loaded, and of a pyspark that has none.

    They are made by pyspark's own class: it calls them with arguments that others do not take.
    """
    if "pyspark" not in sys.modules:
        return []
    try:
        from pyspark.logger import PySparkLogger
    except ImportError:
        return []  # Older ones print nothing twice.
    return [PySparkLogger.getLogger(name) for name in NAMES]
