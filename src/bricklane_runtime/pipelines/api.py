"""The Python interface of pipelines: modules ``dlt`` and ``pyspark.pipelines``.

Source: https://docs.databricks.com/en/ldp/developer/python-ref and
https://docs.databricks.com/en/ldp/developer/python-dev. The parameters have the documented names.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from bricklane_runtime.pipelines.dataflow import Dataflow
from bricklane_runtime.pipelines.definition import (
    EXPECTATIONS,
    Definitions,
    Query,
    column_names,
    expectations_of,
    name_parts,
)
from bricklane_runtime.pipelines.model import (
    Changes,
    Dataset,
    Expectation,
    Flow,
    Kind,
    PipelineError,
    Violation,
)

Decorator = Callable[[Query], Query]
REFUSED = {
    "foreach_batch_sink": "sinks of functions",
    "on_event_hook": "event hooks",
}


class PipelineApi:
    """What a source calls to define datasets and flows.

    Args:
        dataflow: gets the definitions.
        session: the pipeline's session.
    """

    def __init__(self, dataflow: Dataflow, session: Any) -> None:
        self._dataflow = dataflow
        self._session = session
        self._definitions = Definitions(dataflow)

    def table(self, query_function: Query | None = None, **options: Any) -> Any:
        """Define a table by a query: a streaming table, or a materialized view for a batch."""
        return self._dataset(Kind.TABLE, query_function, options)

    def materialized_view(self, query_function: Query | None = None, **options: Any) -> Any:
        """Define a materialized view by a query."""
        return self._dataset(Kind.MATERIALIZED_VIEW, query_function, options)

    def view(self, query_function: Query | None = None, **options: Any) -> Any:
        """Define a view that only the pipeline sees."""
        return self._dataset(Kind.VIEW, query_function, options)

    def _dataset(self, kind: Kind, query_function: Query | None, options: dict[str, Any]) -> Any:
        def define(query: Query) -> Query:
            self._definitions.dataset(kind, query, options)
            return query

        if query_function is None:
            return define
        if not callable(query_function):
            raise PipelineError(
                f"The first argument of a decorator must be a function, got {query_function!r}; "
                "name the dataset with name="
            )
        return define(query_function)

    def create_streaming_table(self, name: str, **options: Any) -> None:
        """Define a streaming table that append flows or AUTO CDC flows fill."""
        self._definitions.streaming_table(name, options)

    def append_flow(
        self,
        *,
        target: str,
        name: str | None = None,
        once: bool = False,
        spark_conf: dict[str, str] | None = None,
        comment: str | None = None,  # noqa: ARG002 - for people who read the source
    ) -> Decorator:
        """Define a flow that adds rows to a streaming table."""

        def define(query: Query) -> Query:
            parts = self._dataflow.published(name_parts(target))
            flow = Flow(name or query.__name__, parts, query, dict(spark_conf or {}), once)
            self._dataflow.add_flow(flow)
            return query

        return define

    def create_auto_cdc_flow(
        self,
        target: str,
        source: str,
        keys: Sequence[Any],
        sequence_by: Any,
        where: Any = None,
        ignore_null_updates: bool = False,
        apply_as_deletes: Any = None,
        apply_as_truncates: Any = None,
        column_list: Sequence[Any] | None = None,
        except_column_list: Sequence[Any] | None = None,
        stored_as_scd_type: str | int = 1,
        track_history_column_list: Sequence[Any] | None = None,
        track_history_except_column_list: Sequence[Any] | None = None,
        flow_name: str | None = None,
        once: bool = False,
        name: str | None = None,
        ignore_null_updates_column_list: Sequence[Any] | None = None,
        ignore_null_updates_except_column_list: Sequence[Any] | None = None,
    ) -> None:
        """Define a flow that applies change data to a streaming table."""
        for option, value in (
            ("where", where),
            ("ignore_null_updates_column_list", ignore_null_updates_column_list),
            ("ignore_null_updates_except_column_list", ignore_null_updates_except_column_list),
        ):
            if value is not None:
                raise PipelineError(f"create_auto_cdc_flow: {option} is not supported here")
        changes = Changes(
            keys=column_names(keys),
            sequence=sequence_by,
            deletes=apply_as_deletes,
            truncates=apply_as_truncates,
            ignore_null_updates=ignore_null_updates,
            columns=_given_names(column_list),
            except_columns=column_names(except_column_list or ()),
            history=_scd_type(stored_as_scd_type) == "2",
            tracked=_given_names(track_history_column_list),
            untracked=column_names(track_history_except_column_list or ()),
        )
        session = self._session

        def query() -> Any:
            reader = session.read if once else session.readStream
            return reader.table(source)

        self._definitions.changes(target, flow_name or name, query, changes, once=once)

    apply_changes = create_auto_cdc_flow

    def create_auto_cdc_from_snapshot_flow(
        self,
        target: str,
        source: Any,
        keys: Sequence[Any],
        stored_as_scd_type: str | int = 1,
        track_history_column_list: Sequence[Any] | None = None,
        track_history_except_column_list: Sequence[Any] | None = None,
    ) -> None:
        """Define a flow that applies snapshots of a table, view or function to a streaming table.

        Raises:
            PipelineError: the source is neither a name nor a function.
        """
        changes = Changes(
            keys=column_names(keys),
            sequence=None,
            history=_scd_type(stored_as_scd_type) == "2",
            tracked=_given_names(track_history_column_list),
            untracked=column_names(track_history_except_column_list or ()),
        )
        session = self._session

        def now(_latest: Any) -> tuple[Any, Any]:
            return session.read.table(source), datetime.now(UTC)

        if isinstance(source, str):
            self._definitions.snapshots(target, now, changes, periodic=True)
        elif callable(source):
            self._definitions.snapshots(target, source, changes, periodic=False)
        else:
            raise PipelineError(
                "create_auto_cdc_from_snapshot_flow: source must be the name of a table or view, "
                f"or a function of the latest version; got {source!r}"
            )

    apply_changes_from_snapshot = create_auto_cdc_from_snapshot_flow

    def create_sink(
        self,
        name: str,
        format: str,  # noqa: A002 - the documented name
        options: dict[str, str] | None = None,
    ) -> None:
        """Define a sink, into which append flows write."""
        self._definitions.sink(name, format, options or {})

    def read(self, name: str) -> Any:
        """Return a dataset."""
        return self._session.read.table(name)

    def read_stream(self, name: str) -> Any:
        """Return a dataset as a stream."""
        return self._session.readStream.table(name)

    def expect(self, name: str, inv: str) -> Decorator:
        """Count the records that violate an expectation."""
        return self._expect({name: inv}, Violation.ALLOW)

    def expect_or_drop(self, name: str, inv: str) -> Decorator:
        """Drop the records that violate an expectation."""
        return self._expect({name: inv}, Violation.DROP)

    def expect_or_fail(self, name: str, inv: str) -> Decorator:
        """Fail the update at a record that violates an expectation."""
        return self._expect({name: inv}, Violation.FAIL)

    def expect_all(self, expectations: dict[str, str]) -> Decorator:
        """Count the records that violate any of some expectations."""
        return self._expect(expectations, Violation.ALLOW)

    def expect_all_or_drop(self, expectations: dict[str, str]) -> Decorator:
        """Drop the records that violate any of some expectations."""
        return self._expect(expectations, Violation.DROP)

    def expect_all_or_fail(self, expectations: dict[str, str]) -> Decorator:
        """Fail the update at a record that violates any of some expectations."""
        return self._expect(expectations, Violation.FAIL)

    def _expect(self, conditions: dict[str, str], violation: Violation) -> Decorator:
        found = expectations_of(conditions, violation)

        def decorate(query: Query) -> Query:
            dataset: Dataset | None = self._definitions.by_query.get(query)
            for expectation in found:
                if dataset is not None:
                    dataset.expect(expectation)
                else:
                    _pending(query).append(expectation)
            return query

        return decorate


def _pending(query: Query) -> list[Expectation]:
    """Return the expectations of a function that is going to define a dataset."""
    kept: list[Expectation] = vars(query).setdefault(EXPECTATIONS, [])
    return kept


def _given_names(columns: Sequence[Any] | None) -> tuple[str, ...] | None:
    """Return the names of columns, None when none were given."""
    return None if columns is None else column_names(columns)


def _scd_type(value: str | int) -> str:
    text = str(value).upper().removeprefix("SCD TYPE ").strip()
    if text not in ("1", "2"):
        raise PipelineError(f"stored_as_scd_type must be 1 or 2, got {value!r}")
    return text


def _refused(name: str, what: str) -> Callable[..., None]:
    def refuse(*_arguments: Any, **_named: Any) -> None:
        raise PipelineError(f"{name}: the local workspace does not run {what} in pipelines")

    return refuse


# Names of the modules' functions that are not those of the methods above. A table with a batch
# query is a materialized view in both modules: the CLI's own template has such a table.
ALIASES = {
    "dlt": {
        "create_target_table": "create_streaming_table",
        "create_streaming_live_table": "create_streaming_table",
        "temporary_view": "view",
    },
    "pyspark.pipelines": {"temporary_view": "view"},
}
SHARED = (
    "table",
    "materialized_view",
    "view",
    "create_streaming_table",
    "append_flow",
    "create_auto_cdc_flow",
    "apply_changes",
    "create_auto_cdc_from_snapshot_flow",
    "apply_changes_from_snapshot",
    "create_sink",
    "read",
    "read_stream",
    *(
        f"expect{every}{action}"
        for every in ("", "_all")
        for action in ("", "_or_drop", "_or_fail")
    ),
)


def install(dataflow: Dataflow, session: Any) -> None:
    """Make ``dlt`` and ``pyspark.pipelines`` importable, as what defines a dataflow."""
    import pyspark

    api = PipelineApi(dataflow, session)
    for name, aliases in ALIASES.items():
        module = ModuleType(name, "The pipeline that is being updated.")
        members = {shared: getattr(api, shared) for shared in SHARED}
        members |= {alias: getattr(api, target) for alias, target in aliases.items()}
        members |= {refused: _refused(refused, what) for refused, what in REFUSED.items()}
        vars(module).update(members)
        sys.modules[name] = module
    vars(pyspark)["pipelines"] = sys.modules["pyspark.pipelines"]
