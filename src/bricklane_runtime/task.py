"""A task run in its own process: sets up what user code expects to find, then runs it."""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import importlib
import os
import random
import site
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bricklane_runtime.failures import failure
from bricklane_runtime.files import arrow
from bricklane_runtime.files.guard import Guard
from bricklane_runtime.files.patches import install as install_patches
from bricklane_runtime.files.roots import Roots
from bricklane_runtime.limits import limit_memory
from bricklane_runtime.redaction import Redactor
from bricklane_runtime.results import Failure, Outcome
from bricklane_runtime.specification import Specification
from bricklane_runtime.supervisor import SecretChannel

if TYPE_CHECKING:
    from bricklane_runtime.classic.machine import Machine
    from bricklane_runtime.session import RunSession

# When a task runs on classic Spark, as its specification says.
ALWAYS, NEVER = "always", "never"
INTERRUPT_SECONDS = 3.0


class Cancelled(BaseException):
    """The run was told to stop (SIGTERM); not an ``Exception``, so that user code lets it pass."""


class Vault:
    """Every value that no output of the run may show.

    Args:
        redactor: for outputs made in this process.
        channel: to the supervisor, for what the process prints.
    """

    def __init__(self, redactor: Redactor, channel: SecretChannel) -> None:
        self.redactor = redactor
        self._channel = channel

    def hide(self, value: str) -> None:
        """Hide ``value`` in everything shown from now on."""
        if self.redactor.add(value):
            self._channel.hide(value)


class Task:
    """One task run.

    Args:
        specification: what to run.
        channel: to the supervisor.
    """

    def __init__(self, specification: Specification, channel: SecretChannel) -> None:
        self.specification = specification
        self.roots = Roots(specification.roots)
        redactor = Redactor(specification.token, specification.spark.token)
        self.vault = Vault(redactor, channel)
        self.session: RunSession | None = None
        self.is_settled = False
        self._machine: Machine | None = None

    def run(self) -> Outcome:
        """Run the task.

        Raises:
            Cancelled: the run was told to stop.
        """
        try:
            self._prepare()
            return RUNNERS[self.specification.kind](self)
        except Exception as error:
            return Outcome(failure(error))

    def redacted(self, outcome: Outcome) -> Outcome:
        """Return an outcome without secret values."""
        redactor = self.vault.redactor
        described = outcome.failure
        if described is not None:
            values = redactor.data(dataclasses.asdict(described))
            described = Failure(**values)  # type: ignore[arg-type]
        exit_value = outcome.exit_value
        return Outcome(described, None if exit_value is None else redactor.text(exit_value))

    def interrupt(self) -> None:
        """Stop what Spark does for this run, without waiting long for it."""
        session = self.session
        if session is not None and session.is_connected:
            thread = threading.Thread(target=_interrupt_all, args=(session,), daemon=True)
            thread.start()
            thread.join(INTERRUPT_SECONDS)

    def close(self) -> None:
        """Give the session back to Spark."""
        if self.session is not None:
            with contextlib.suppress(Exception):  # Spark forgets idle sessions by itself
                self.session.stop()
        if self._machine is not None:
            self._machine.stop()

    def _prepare(self) -> None:
        specification = self.specification
        _reopen_streams()
        _reseed()
        for name, value in environment(specification).items():
            os.environ[name] = value
        folder = specification.working_directory or specification.run_directory
        os.chdir(self.roots.to_local(folder))
        extend_path(specification.sys_path)
        # What this imports is the task's own, where its libraries have it.
        from bricklane_runtime.rest import Rest

        rest = self._rest = Rest(specification.host, specification.token)
        guard = Guard(self.roots, rest if specification.guard_volumes else None)
        install_patches(self.roots, guard)
        arrow.install(self.roots, guard)
        from bricklane_runtime import functions

        self._begin_session()
        functions.install(self.roots)

    def _begin_session(self) -> None:
        from bricklane_runtime.classic import advice
        from bricklane_runtime.classic.code import READERS, need_of
        from bricklane_runtime.session import install

        classic, kind = self.specification.classic, self.specification.kind
        if classic is not None:
            advice.install(classic.advice)
        self.session = install(self.specification)
        if classic is None or classic.when == NEVER:
            self.settle(classic=False)
        elif classic.when == ALWAYS or kind in READERS:
            always = classic.when == ALWAYS
            self.settle(classic=always or need_of(self.specification, self._rest) is not None)

    def settle(self, *, classic: bool) -> None:
        """Decide which Spark there is, once; nothing has used it yet, or not the classic one.

        Args:
            classic: have classic Spark, in place of the session that there is.

        Raises:
            ClassicStartError: its Java virtual machine did not start.
        """
        if classic:
            from bricklane_runtime.classic import session as classic_session

            session, self._machine = classic_session.install(self.specification)
            # In all that tasks ask of it, it is as the other.
            self.session = cast("RunSession", session)
        # Java has its bound from the size of its heap, and began before this one.
        limit_memory(0 if self.specification.jvm else self.specification.memory_megabytes)
        self.is_settled = True


def environment(specification: Specification) -> dict[str, str]:
    """Return the variables that user code finds, as on Databricks compute.

    ``DATABRICKS_HOST`` and ``DATABRICKS_TOKEN`` make ``WorkspaceClient()`` act as the run.
    """
    overlays = specification.sys_path
    folders = [os.path.join(path, "bin") for path in overlays]  # noqa: PTH118
    folders += [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    return {
        "DATABRICKS_HOST": specification.host,
        "DATABRICKS_TOKEN": specification.token,
        "DATABRICKS_RUNTIME_VERSION": specification.runtime_version,
        "IS_SERVERLESS": "TRUE",
        "MPLBACKEND": "agg",
        "PYTHONPATH": os.pathsep.join(overlays),
        "PATH": os.pathsep.join(folders),
        **specification.environment,
    }


def extend_path(folders: list[str]) -> None:
    """Put library folders first on the module search path, obeying their ``.pth`` files."""
    before = list(sys.path)
    for folder in folders:
        site.addsitedir(folder)
    added = [entry for entry in sys.path if entry not in before]
    sys.path[:] = [*folders, *(entry for entry in added if entry not in folders), *before]
    importlib.invalidate_caches()


def _interrupt_all(session: RunSession) -> None:
    with contextlib.suppress(Exception):  # the run ends either way
        session.interruptAll()


def _reopen_streams() -> None:
    """Give Python's streams the descriptors that the supervisor listens to."""
    options = {"encoding": "utf-8", "errors": "backslashreplace", "closefd": False}
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", buffering=1, **options)  # type: ignore[call-overload,misc] # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", buffering=1, **options)  # type: ignore[call-overload,misc] # noqa: SIM115
    faulthandler.enable(2)


def _reseed() -> None:
    """Forks share the state of random generators; runs must not."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _run_notebook(task: Task) -> Outcome:
    from bricklane_runtime.notebook.runner import run_notebook

    return run_notebook(task)


def _run_wheel(task: Task) -> Outcome:
    from bricklane_runtime.programs import run_wheel

    return run_wheel(task)


def _run_file(task: Task) -> Outcome:
    from bricklane_runtime.programs import run_file

    return run_file(task)


def _run_sql_file(task: Task) -> Outcome:
    from bricklane_runtime.sqlfile import run_sql_file

    return run_sql_file(task)


def _run_dbt(task: Task) -> Outcome:
    from bricklane_runtime.dbttask import run_dbt

    return run_dbt(task)


def _run_jar(task: Task) -> Outcome:
    from bricklane_runtime.jvm import run_jar

    return run_jar(task)


def _run_submit(task: Task) -> Outcome:
    from bricklane_runtime.jvm import run_submit

    return run_submit(task)


def _serve_sql(task: Task) -> Outcome:
    from bricklane_runtime.sql.worker import serve

    return serve(task)


def _serve_commands(task: Task) -> Outcome:
    from bricklane_runtime.execution_context import serve

    return serve(task)


def _run_pipeline(task: Task) -> Outcome:
    from bricklane_runtime.pipelines.update import run_pipeline

    return run_pipeline(task)


def _publish_events(task: Task) -> Outcome:
    from bricklane_runtime.pipelines.logtable import run_event_log

    return run_event_log(task)


RUNNERS: dict[str, Callable[[Any], Outcome]] = {
    "notebook": _run_notebook,
    "python_wheel": _run_wheel,
    "spark_python": _run_file,
    "sql_file": _run_sql_file,
    "dbt": _run_dbt,
    "spark_jar_task": _run_jar,
    "spark_submit_task": _run_submit,
    "sql_worker": _serve_sql,
    "execution_context": _serve_commands,
    "pipeline": _run_pipeline,
    "event_log": _publish_events,
}
