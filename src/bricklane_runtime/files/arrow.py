"""Makes pyarrow's readers and writers of files understand the paths of a workspace.

They open files in C++, past Python's own functions; pandas hands folders of Parquet files to them.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from bricklane_runtime.files.guard import Guard, Use
from bricklane_runtime.files.roots import Roots

# Function, by module: place and name of the argument that is a path, or a list of paths.
FUNCTIONS: dict[str, dict[str, tuple[int, str]]] = {
    "pyarrow.parquet": {
        "read_table": (0, "source"),
        "read_pandas": (0, "source"),
        "read_schema": (0, "where"),
        "read_metadata": (0, "where"),
        "write_table": (1, "where"),
        "write_to_dataset": (1, "root_path"),
    },
    "pyarrow.dataset": {"dataset": (0, "source"), "write_dataset": (1, "base_dir")},
    "pyarrow.csv": {"read_csv": (0, "input_file"), "write_csv": (1, "output_file")},
}


def install(roots: Roots, guard: Guard) -> None:
    """Map paths in the modules that are imported, and guard volumes; there is no way back."""
    for module_name, functions in FUNCTIONS.items():
        module = sys.modules.get(module_name)
        if module is not None:
            for name, (place, keyword) in functions.items():
                setattr(module, name, _mapping(getattr(module, name), place, keyword, roots, guard))


def _mapping(
    original: Callable[..., Any], place: int, keyword: str, roots: Roots, guard: Guard
) -> Callable[..., Any]:
    use = Use.WRITE if original.__name__.startswith("write") else Use.READ

    def local(value: Any) -> Any:
        if isinstance(value, list):
            return [local(item) for item in value]
        guard.require(value, use)
        return roots.to_local(value)

    @functools.wraps(original)
    def mapped(*arguments: Any, **named: Any) -> Any:
        values = list(arguments)
        if len(values) > place:
            values[place] = local(values[place])
        elif keyword in named:
            named[keyword] = local(named[keyword])
        return original(*values, **named)

    return mapped
