"""Expectations: counts of the records that violate them, and what becomes of these.

Source: https://docs.databricks.com/en/ldp/expectations
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql.connect import functions as f

from bricklane_runtime.failures import causes
from bricklane_runtime.pipelines.model import Dataset, Expectation, PipelineError, Violation

# The names under which Spark reports what passed.
INPUT, OUTPUT = "pipeline_input", "pipeline_output"
ROWS = "rows"
# What begins the message of a violation, and how Spark ends the message of a raised error.
VIOLATION = "[EXPECTATION_VIOLATION]"
RAISED = re.compile(rf"{re.escape(VIOLATION)}.*?(?= SQLSTATE: P0001)", re.DOTALL)


class ExpectationViolation(PipelineError):  # noqa: N818 - the word of the documentation
    """A record violates an expectation that fails the update."""


@dataclass(slots=True)
class Counts:
    """How many records a flow saw.

    Args:
        output: that it wrote.
        dropped: that it did not write because they violate an expectation.
        failed: that violate each expectation, by its name.
        seen: that came to the expectations.
    """

    output: int = 0
    dropped: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    seen: int = 0

    def add(self, dataset: Dataset, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Add what Spark reported of a batch.

        Args:
            dataset: with the expectations.
            before: values that :func:`before` observed; empty without expectations.
            after: values that :func:`after` observed.
        """
        output = int(after.get(ROWS) or 0)
        self.output += output
        if not before:
            return
        seen = int(before.get(ROWS) or 0)
        self.seen += seen
        self.dropped += seen - output
        for index, name in enumerate(dataset.expectations):
            failed = int(before.get(f"failed_{index}") or 0)
            self.failed[name] = self.failed.get(name, 0) + failed

    def details(self, dataset: Dataset) -> dict[str, Any]:
        """Return the metrics and the data quality of a ``flow_progress`` event."""
        answer: dict[str, Any] = {"metrics": {"num_output_rows": self.output}}
        if dataset.expectations:
            answer["data_quality"] = {
                "dropped_records": self.dropped,
                "expectations": [
                    {
                        "name": name,
                        "dataset": str(dataset.name),
                        "passed_records": self.seen - self.failed.get(name, 0),
                        "failed_records": self.failed.get(name, 0),
                    }
                    for name in dataset.expectations
                ],
            }
        return answer


def before(dataset: Dataset) -> list[Any]:
    """Return the expressions that count records before any is dropped."""
    counts = [f.count(f.lit(1)).alias(ROWS)]
    for index, expectation in enumerate(dataset.expectations.values()):
        failed = f.when(_holds(expectation), 0).otherwise(1)
        counts.append(f.sum(failed).alias(f"failed_{index}"))
    return counts


def after() -> list[Any]:
    """Return the expressions that count what is written."""
    return [f.count(f.lit(1)).alias(ROWS)]


def enforced(frame: Any, dataset: Dataset) -> Any:
    """Return a frame without records that must be dropped, failing at one that must not be."""
    for expectation in _of(dataset, Violation.FAIL):
        violated = f.raise_error(
            f.concat(
                f.lit(
                    f"{VIOLATION} Flow '{dataset.name}' failed to meet the "
                    f"expectation. Violated expectations: '{expectation.name}'. Input data: '"
                ),
                f.to_json(f.struct("*")),
                f.lit("'."),
            )
        )
        frame = frame.where(f.when(_holds(expectation), f.lit(True)).otherwise(violated))
    for expectation in _of(dataset, Violation.DROP):
        frame = frame.where(_holds(expectation))
    return frame


def explained(error: Exception) -> Exception:
    """Return the violation that an error of Spark is about, or else the error itself.

    Where in a partition the record was decides whether Spark raises what :func:`enforced` says, or
    an error of writing, or of a stream, with that as its cause.
    """
    for text in (str(error), *causes(error)):
        if found := RAISED.search(text):
            violation = ExpectationViolation(found.group())
            violation.__cause__ = error
            return violation
    return error


def _of(dataset: Dataset, violation: Violation) -> Iterable[Expectation]:
    return [each for each in dataset.expectations.values() if each.violation is violation]


def _holds(expectation: Expectation) -> Any:
    return f.coalesce(f.expr(expectation.condition).cast("boolean"), f.lit(False))
