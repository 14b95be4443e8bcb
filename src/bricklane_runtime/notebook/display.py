"""``display``, ``displayHTML`` and the other names that notebooks know without an import."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from bricklane_runtime.classic.advice import classic_names
from bricklane_runtime.notebook.tables import pandas_table, records_table, spark_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from bricklane_runtime.dbutils import DBUtils
    from bricklane_runtime.notebook.outputs import Recorder
    from bricklane_runtime.session import RunSession


class StreamingDisplayError(Exception):
    """``display`` was given a streaming data frame."""


def table_of(value: Any) -> dict[str, Any] | None:
    """Return a value as a table output, or None when it is no table.

    Raises:
        StreamingDisplayError: it is a streaming data frame.
    """
    spark_pandas = sys.modules.get("pyspark.pandas")
    if spark_pandas is not None and isinstance(value, spark_pandas.DataFrame):
        value = value.to_spark()
    spark = sys.modules.get("pyspark.sql")
    if spark is not None and isinstance(value, spark.DataFrame):
        if value.isStreaming:
            raise StreamingDisplayError(
                "display() of a streaming DataFrame is not available here: "
                "write the stream to a table and display that"
            )
        return spark_table(value)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.Series):
        value = value.to_frame()
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return pandas_table(value)
    return records_table(value) if isinstance(value, (list, tuple)) else None


class Display:
    """The function ``display``.

    Args:
        recorder: of the notebook; None in tasks that are no notebooks, where values are printed.
    """

    def __init__(self, recorder: Recorder | None) -> None:
        self._recorder = recorder

    def __call__(self, value: Any = None, *arguments: Any, **named: Any) -> None:
        """Show a data frame as a table, or any other value as richly as it can be shown."""
        shown = table_of(value)
        if self._recorder is None:
            _print(value, shown)
        elif shown is not None:
            self._recorder.add(shown)
        else:
            from IPython.core.display_functions import display

            show: Callable[..., Any] = display
            show(value, *arguments, **named)

    def html(self, html: str) -> None:
        """Show HTML."""
        if self._recorder is None:
            print(html)  # noqa: T201 - there is no other place for it
        else:
            self._recorder.add({"type": "html", "html": str(html)})


def _print(value: Any, shown: dict[str, Any] | None) -> None:
    if shown is None:
        print(value)  # noqa: T201 - there is no other place for it
        return
    print(*(column["name"] for column in shown["columns"]), sep="\t")  # noqa: T201
    for row in shown["rows"]:
        print(*row, sep="\t")  # noqa: T201


def runtime_names(
    session: RunSession | None, dbutils: DBUtils, recorder: Recorder | None = None
) -> dict[str, Any]:
    """Return the names that notebooks know without an import.

    Args:
        session: the run's Spark session.
        dbutils: the run's utilities.
        recorder: of the notebook, if the task is one.
    """
    display = Display(recorder)
    names = {
        "dbutils": dbutils,
        "display": display,
        "displayHTML": display.html,
        "getArgument": dbutils.widgets.getArgument,
    }
    if session is not None:
        from pyspark.sql.functions import udf

        names |= {"spark": session, "sql": session.sql, "table": session.table, "udf": udf}
        names |= classic_names(session)
    return names
