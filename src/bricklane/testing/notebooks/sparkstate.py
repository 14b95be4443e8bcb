"""What a notebook changes in the Spark session of a test, and the way back."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bricklane.testing.spark.loggers import repeating_loggers
from bricklane.testing.spark.naming import quoted

USE_CATALOG = re.compile(
    r"\s*USE\s+CATALOG\s+(?:IDENTIFIER\(\s*:(?P<marker>\w+)\s*\)|(?P<name>\w+|`[^`]+`))\s*\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SparkState:
    """A session's settings, current catalog and schema, and temporary views.

    Args:
        settings: key → value.
        catalog: the current one.
        schema: the current one.
        views: names of temporary views.
    """

    settings: Mapping[str, str]
    catalog: str
    schema: str
    views: frozenset[str]


@contextlib.contextmanager
def errors_once() -> Iterator[None]:
    """Keep pyspark from printing each error of a query, which it raises anyway, as JSON."""
    before = [(logger, logger.disabled) for logger in repeating_loggers()]
    for logger, _ in before:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in before:
            logger.disabled = disabled


def run_statement(spark: Any, statement: str, values: Mapping[str, str]) -> Any:
    """Return the data frame of a statement; ``USE CATALOG`` works on any Spark.

    Args:
        spark: the session.
        statement: one statement.
        values: of its parameter markers, by name.
    """
    from pyspark.errors import ParseException

    try:
        return spark.sql(statement, args=dict(values) or None)
    except ParseException:
        # Databricks' statement; Spark of its own has an API for it only.
        used = USE_CATALOG.match(statement)
        if used is None:
            raise
        name = values[used["marker"]] if used["marker"] else used["name"].strip("`")
        spark.catalog.setCurrentCatalog(name)
        return spark.createDataFrame([], "result STRING").drop("result")


def look(spark: Any) -> SparkState:
    """Return the state of a session."""
    return SparkState(_settings(spark), *_place(spark), _views(spark))


def restore(spark: Any, state: SparkState) -> None:
    """Bring a session back to a state."""
    settings = _settings(spark)
    for key in settings.keys() - state.settings.keys():
        spark.conf.unset(key)
    for key, value in state.settings.items():
        if settings.get(key) != value:
            with _static_kept():
                spark.conf.set(key, value)
    if _place(spark) != (state.catalog, state.schema):
        spark.sql(f"SET CATALOG {quoted(state.catalog)}")
        spark.sql(f"USE {quoted(state.catalog)}.{quoted(state.schema)}")
    for name in _views(spark) - state.views:
        spark.catalog.dropTempView(name)


@contextlib.contextmanager
def _static_kept() -> Iterator[None]:
    """Leave a setting that a session cannot change; it did not change it before either."""
    from pyspark.errors import PySparkException

    with contextlib.suppress(PySparkException):
        yield


def _place(spark: Any) -> tuple[str, str]:
    row = spark.sql("SELECT current_catalog(), current_schema()").first()
    return row[0], row[1]


def _settings(spark: Any) -> dict[str, str]:
    everything = spark.conf.getAll
    return dict(everything() if callable(everything) else everything)


def _views(spark: Any) -> frozenset[str]:
    rows = spark.sql("SHOW VIEWS").collect()
    return frozenset(row.viewName for row in rows if row.isTemporary)


@contextlib.contextmanager
def session_kept(spark: Any) -> Iterator[None]:
    """Undo what a block changes in a session; None is no session."""
    if spark is None:
        yield
        return
    state = look(spark)
    try:
        yield
    finally:
        restore(spark, state)


@dataclass(slots=True)
class SparkKeeper:
    """Undoes what the notebooks of one test change in the session.

    A result's data frames are evaluated when they are looked at: they need the notebook's schema
    and views until the next notebook begins, or the test ends.
    """

    _before: SparkState | None = None
    _session: Any = None

    def begin(self, spark: Any) -> None:
        """Undo what the notebook before did, and remember how things are."""
        self.undo()
        self._before, self._session = look(spark), spark

    def undo(self) -> None:
        """Undo what the last notebook did."""
        before, self._before = self._before, None
        if before is not None:
            restore(self._session, before)
