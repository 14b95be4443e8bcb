"""Runs Python wheels and Python files.

Source: https://docs.databricks.com/api/workspace/jobs/create (``python_wheel_task``: a named entry
point of the package's metadata, else the function ``package.entry_point``; ``spark_python_task``).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from bricklane_runtime import modules
from bricklane_runtime.dbutils import DBUtils, NotebookExit
from bricklane_runtime.failures import failure
from bricklane_runtime.notebook.display import runtime_names
from bricklane_runtime.results import Failure, Outcome
from bricklane_runtime.specification import PythonFileTask, WheelTask

if TYPE_CHECKING:
    from bricklane_runtime.task import Task


class EntryPointError(Exception):
    """A wheel task names a package or an entry point that is not there."""


def run_wheel(task: Task) -> Outcome:
    """Run the entry point of an installed package."""
    wheel = task.specification.wheel
    if wheel is None:
        raise ValueError("The task has kind python_wheel, but no wheel")
    _provide(task)
    function = entry_point(wheel)
    sys.argv = [wheel.entry_point, *arguments(wheel)]
    return _call(function)


def run_file(task: Task) -> Outcome:
    """Run a Python file as ``__main__``."""
    given = task.specification.python_file
    if given is None:
        raise ValueError("The task has kind spark_python, but no python_file")
    names = _provide(task)
    sys.path.insert(0, str(Path(given.file).parent))
    shown = str(task.roots.to_user(given.file)) if not given.path.startswith("/") else given.path
    sys.argv = [shown, *given.parameters]
    main = ModuleType("__main__")
    vars(main).update(names, __file__=shown, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    return _call(lambda: _execute(given, shown, vars(main)), shown)


def _execute(given: PythonFileTask, shown: str, names: dict[str, Any]) -> None:
    source = Path(given.file).read_bytes()
    exec(compile(source, shown, "exec", dont_inherit=True), names)  # noqa: S102 - it is our task


def entry_point(wheel: WheelTask) -> Callable[[], object]:
    """Return the function that a wheel task names.

    Raises:
        EntryPointError: the package is not installed, or has neither such an entry point nor such
            a function.
    """
    named = _entry_points(wheel.package_name)
    for candidate in named or ():
        if candidate.name == wheel.entry_point:
            return cast("Callable[[], object]", candidate.load())
    module = _module(wheel, named)
    found = getattr(module, wheel.entry_point, None)
    if callable(found):
        return cast("Callable[[], object]", found)
    known = ", ".join(sorted({item.name for item in named or ()})) or "none"
    raise EntryPointError(
        f"Package {wheel.package_name!r} has no entry point {wheel.entry_point!r} "
        f"(its metadata has: {known}) and no function {module.__name__}.{wheel.entry_point}"
    )


def _entry_points(package: str) -> importlib.metadata.EntryPoints | None:
    try:
        return importlib.metadata.distribution(package).entry_points
    except importlib.metadata.PackageNotFoundError:
        return None


def _module(wheel: WheelTask, named: object) -> ModuleType:
    name = wheel.package_name.replace("-", "_")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        if named is None:
            raise EntryPointError(
                f"Package {wheel.package_name!r} is not installed in the task's environment: "
                "add its wheel to the task's libraries or to the environment's dependencies"
            ) from None
        raise EntryPointError(
            f"Package {wheel.package_name!r} has no entry point {wheel.entry_point!r} and no "
            f"module {name!r} that could hold a function of that name"
        ) from None


def arguments(wheel: WheelTask) -> list[str]:
    """Return the command line of a wheel task."""
    named = [f"--{name}={value}" for name, value in wheel.named_parameters.items()]
    return [*wheel.parameters, *named]


def _provide(task: Task) -> dict[str, Any]:
    dbutils = DBUtils.of_task(task)
    names = runtime_names(task.session, dbutils)
    modules.install(task.session, dbutils, names)
    return names


def _call(function: Callable[[], object], source_name: str | None = None) -> Outcome:
    try:
        function()
    except SystemExit as stop:
        return _stopped(stop, source_name)
    except NotebookExit as stop:
        return Outcome(exit_value=stop.value)
    except Exception as error:
        described = failure(error, source_name)
        print(described.traceback, file=sys.stderr)  # noqa: T201 - where Python would print it
        return Outcome(described)
    return Outcome()


def _stopped(stop: SystemExit, source_name: str | None) -> Outcome:
    if stop.code in (None, 0):
        return Outcome()
    described = failure(stop, source_name)
    if not isinstance(stop.code, int):
        print(stop.code, file=sys.stderr)  # noqa: T201 - as the interpreter does
        return Outcome(described)
    message = f"The program ended with exit code {stop.code}"
    text = "".join(traceback.format_exception_only(stop)).rstrip("\n")
    return Outcome(
        Failure(described.type, message, described.traceback or text, line=described.line)
    )
