"""Python functions that Spark runs: they get the run's modules and paths with them.

Spark's Python workers are processes of their own, which know neither the run's libraries nor the
folders behind ``/Workspace`` and ``/Volumes``. Since they are on the same machine, it is enough to
tell them: each function that is sent is wrapped in a pickle that first sets up where it arrives.
Each session of Spark has workers of its own, so runs do not see each other's modules.
"""

from __future__ import annotations

import importlib
import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bricklane_runtime.files.roots import Roots

# Modules of pyspark that send functions: of UDFs, of table functions and data sources, of streams.
SENDERS = (
    "pyspark.core.rdd",
    "pyspark.sql.connect.expressions",
    "pyspark.sql.connect.plan",
    "pyspark.sql.connect.streaming.readwriter",
)
# What a worker evaluates; it has nothing but the standard library and pyspark until then.
ARRIVAL = (
    "(package in __import__('sys').path or __import__('sys').path.insert(0, package), "
    "__import__('bricklane_runtime.functions', fromlist=['arrive'])"
    ".arrive(payload, paths, folders))[-1]"
)
_installed: dict[str, str] = {}


class Parcel:
    """A pickled function with what it needs where it arrives.

    Args:
        payload: the pickled function.
        roots: folders behind path prefixes.
    """

    def __init__(self, payload: bytes, roots: Roots) -> None:
        self._values = {
            "payload": payload,
            # Not resolved: the folder that holds a link to this package and nothing else of ours.
            "package": str(Path(__file__).parent.parent),
            "paths": [str(roots.to_local(path)) for path in _own_paths()],
            "folders": roots.folders,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (ARRIVAL, self._values)


def _own_paths() -> list[str]:
    """Return the entries of the module search path that are no part of the environment."""
    prefixes = (sys.prefix, sys.base_prefix)
    own = Path(__file__).parent.parent
    return [
        entry
        for entry in sys.path
        if entry and not entry.startswith(prefixes) and Path(entry) != own
    ]


def arrive(payload: bytes, paths: list[str], folders: dict[str, str]) -> Any:
    """Set up a worker of Spark and return the function."""
    sys.path[:0] = [path for path in paths if path not in sys.path]
    if folders and _installed != folders:
        from bricklane_runtime.files.guard import Guard
        from bricklane_runtime.files.patches import install
        from bricklane_runtime.files.roots import Roots

        _installed.update(folders)
        roots = Roots(folders)
        # A worker of Spark has no token of the run to ask with.
        install(roots, Guard(roots, None))
    return pickle.loads(payload)  # noqa: S301 - made by the run itself, a moment ago


def install(roots: Roots) -> None:
    """Have every function that is sent to Spark bring its surroundings."""
    from pyspark.serializers import CloudPickleSerializer

    class ParcelSerializer(CloudPickleSerializer):
        def dumps(self, obj: Any) -> bytes:
            payload: bytes = super().dumps(obj)  # type: ignore[no-untyped-call]
            return pickle.dumps(Parcel(payload, roots))

    # Not everywhere: pyspark also pickles what stays in this process.
    for name in SENDERS:
        vars(importlib.import_module(name))["CloudPickleSerializer"] = ParcelSerializer
