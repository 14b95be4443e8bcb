"""Modules that exist on Databricks compute only, and that user code imports."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


def install(session: Any, dbutils: Any, names: dict[str, Any]) -> None:
    """Provide the modules.

    Args:
        session: the run's Spark session.
        dbutils: the run's ``dbutils``.
        names: what notebooks know without an import; ``databricks.sdk.runtime`` offers the same.
    """
    _provide("pyspark.dbutils", DBUtils=lambda *_spark: dbutils)
    # databricks-sdk takes this module as the sign that it runs on Databricks compute.
    _provide("dbruntime", UserNamespaceInitializer=_namespace(names))
    _provide("databricks.connect", DatabricksSession=_databricks_session(session))
    if PipelineModule not in sys.meta_path:
        sys.meta_path.append(PipelineModule)


def _provide(name: str, **members: Any) -> None:
    module = ModuleType(name, "Provided by the run; see bricklane_runtime.modules.")
    vars(module).update(members)
    sys.modules[name] = module


def _namespace(names: dict[str, Any]) -> type:
    class UserNamespaceInitializer:
        """Gives the names that notebooks know."""

        @classmethod
        def getOrCreate(cls) -> UserNamespaceInitializer:  # noqa: N802 - Databricks' name
            """Return the one instance."""
            return cls()

        def get_namespace_globals(self) -> dict[str, Any]:
            """Return the names."""
            return dict(names)

    return UserNamespaceInitializer


def _databricks_session(session: Any) -> type:
    class Builder:
        """Always gives the run's session: where it runs is not the code's choice."""

        def getOrCreate(self) -> Any:  # noqa: N802 - Databricks' name
            """Return the run's session."""
            return session

        create = getOrCreate

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            return lambda *_arguments, **_named: self

    class DatabricksSession:
        """Stands for the class of Databricks Connect."""

        builder = Builder()

        @staticmethod
        def getActiveSession() -> Any:  # noqa: N802 - Databricks' name
            """Return the run's session."""
            return session

    return DatabricksSession


class PipelineModule:
    """Says why ``import dlt`` fails outside of a pipeline; last among what finds modules."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        """Refuse the module of pipelines, and find no other.

        Raises:
            ModuleNotFoundError: the module of pipelines is imported.
        """
        if name == "dlt":
            raise ModuleNotFoundError(
                "The Delta Live Tables (DLT) module is not supported outside of a pipeline: run "
                "this code as a source of a pipeline",
                name=name,
            )
