"""What code is told that asks for classic Spark where there is Spark Connect."""

from __future__ import annotations

from typing import Any

ADVICE = (
    "notebooks and Python tasks run on Spark Connect, as on serverless compute, without "
    "SparkContext and RDDs. Use `spark` and DataFrames"
)
NAMES = ("sc", "sqlContext")
# Errors of pyspark, and what takes the place of their text.
TEMPLATES = {
    "JVM_ATTRIBUTE_NOT_SUPPORTED": "The attribute `<attr_name>` is not available here: {advice}",
    "CONTEXT_UNAVAILABLE_FOR_REMOTE_CLIENT": "A SparkContext is not available here: {advice}",
}


class ClassicSparkError(AttributeError):
    """What only classic Spark has was asked for."""


class ClassicOnly:
    """A name of classic Spark that notebooks know, and what comes of using it.

    Args:
        name: ``sc`` or ``sqlContext``.
        advice: why there is none, and what to do.
    """

    def __init__(self, name: str, advice: str) -> None:
        self._name = name
        self._advice = advice

    def __getattr__(self, member: str) -> Any:
        """Say why there is nothing.

        Raises:
            ClassicSparkError: always.
        """
        raise ClassicSparkError(f"{self._name}.{member} is not available here: {self._advice}")


def classic_names(session: Any) -> dict[str, Any]:
    """Return what notebooks know of classic Spark without an import.

    Args:
        session: the run's; one of classic Spark has it, and one of the local cloud else knows why
            there is none.
    """
    given = getattr(session, "classic_names", None)
    if given is not None:
        return dict(given)
    advice = getattr(session, "classic_advice", "") or ADVICE
    return {name: ClassicOnly(name, advice) for name in NAMES}


def install(advice: str) -> None:
    """Have what pyspark itself raises say the same."""
    from pyspark.errors.error_classes import ERROR_CLASSES_MAP
    from pyspark.sql.connect.dataframe import DataFrame

    def rdd(_frame: DataFrame) -> Any:
        raise ClassicSparkError(f"The attribute `rdd` is not available here: {advice}")

    frames: Any = DataFrame
    frames.rdd = property(rdd)
    for name, template in TEMPLATES.items():
        ERROR_CLASSES_MAP[name]["message"] = [template.format(advice=advice)]
