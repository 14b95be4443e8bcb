"""The session of a task on classic Spark: the one that PySpark hands out, for the run.

Source: https://spark.apache.org/docs/latest/api/python/reference/pyspark.sql/spark_session.html.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark import SparkContext
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession, SQLContext
from pyspark.sql.catalog import Catalog

from bricklane_runtime.classic.machine import Machine
from bricklane_runtime.jvm import REMOVED
from bricklane_runtime.session import carried_out, quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from bricklane_runtime.specification import Specification

# What would lead PySpark to another Spark, or programs to think that there is none of this kind.
ELSEWHERE = (*REMOVED, "SPARK_CONNECT_AUTHENTICATE_TOKEN", "IS_SERVERLESS")


class ClassicCatalog(Catalog):
    """The catalog API of the run's session."""

    def setCurrentCatalog(self, catalogName: str) -> None:  # noqa: N802, N803 - pyspark's names
        """Set the current catalog, also one that the session has not heard of."""
        try:
            self._sparkSession.sql(f"USE {quoted(catalogName)}")
        except AnalysisException:
            super().setCurrentCatalog(catalogName)


class ClassicSession(SparkSession):
    """The run's session on classic Spark; also what it makes by ``newSession()``."""

    specification: Specification
    # There is no other moment at which it might connect.
    is_connected = True

    def sql(self, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:  # noqa: N803
        """Return the data frame of a statement; those that Spark lacks are carried out here."""
        left = carried_out(self, self.specification, sqlQuery, args)
        return self.range(0).select() if left is None else super().sql(left, args, **kwargs)

    def interruptAll(self) -> list[str]:  # noqa: N802 - pyspark's name
        """Stop all jobs; those of RDDs are none of the session's, but of its context."""
        self.sparkContext.cancelAllJobs()
        return super().interruptAll()

    @property
    def catalog(self) -> Catalog:
        """The catalog API."""
        return ClassicCatalog(self)

    @property
    def classic_names(self) -> dict[str, Any]:
        """What notebooks know of classic Spark without an import."""
        with warnings.catch_warnings():
            # It is deprecated, and nobody has asked for it yet.
            warnings.simplefilter("ignore", FutureWarning)
            return {"sc": self.sparkContext, "sqlContext": SQLContext(self.sparkContext, self)}


def install(specification: Specification) -> tuple[ClassicSession, Machine]:
    """Start classic Spark and make its session the one that pyspark hands out.

    Args:
        specification: with the command line of its Java virtual machine.

    Raises:
        ClassicStartError: the virtual machine did not start.
    """
    if specification.classic is None:
        raise ValueError("The task shall run on classic Spark, but nothing says how it starts")
    for name in ELSEWHERE:
        os.environ.pop(name, None)
    # RDDs and functions run on the interpreter of the task, whose libraries come with them.
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    machine = Machine(specification.classic.command, Path(specification.run_directory))
    SparkContext._ensure_initialized(gateway=machine.gateway)
    ClassicSession.specification = specification
    return ClassicSession(SparkContext.getOrCreate()), machine
