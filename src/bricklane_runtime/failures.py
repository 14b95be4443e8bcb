"""Turns exceptions of user code into what a person reads: type, message, traceback, line."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from bricklane_runtime.results import Failure

HERE = str(Path(__file__).parent)
# Frames that are not user code: ours, IPython's, the import system's, and those between the call of
# a Spark function and its failure in Spark.
HIDDEN = (
    *(HERE, "/bricklane/testing/notebooks/", "<frozen ", "/IPython/core/"),
    *("/pyspark/sql/connect/", "/pyspark/errors/", "/pyspark/sql/utils.py"),
    *("/pyspark/core/", "/pyspark/sql/classic/", "/pyspark/sql/session.py", "/py4j/"),
)
# What begins a frame in a stack trace of Java.
JAVA_FRAME = "\n\tat "
CAUSE = re.compile(r"^Caused by: (?:[\w.$]+: )?(.+?)(?=\n\tat |\Z)", re.MULTILINE | re.DOTALL)
# What Spark says of a task that cannot write a row: where to, and only in the cause why.
# https://spark.apache.org/docs/latest/sql-error-conditions.html
WRITE_FAILED = "[TASK_WRITE_FAILED]"


def failure(
    error: BaseException, source_name: str | None = None, within: range | None = None
) -> Failure:
    """Describe an exception.

    Args:
        error: what user code raised.
        source_name: file name that user code was compiled with; the line is taken from its
            innermost frame.
        within: the lines that are asked for; by default all.
    """
    return Failure(
        type=type(error).__name__,
        message=message_of(error),
        traceback=plain_traceback(error),
        line=line_of(error, source_name, within),
    )


def message_of(error: BaseException) -> str:
    """Return what an exception says, and of an error of writing also why."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return f"{error.msg} ({error.filename}, line {error.lineno})"
    try:
        # Java's frames, which errors of its own have in their text, are in the traceback.
        said = str(error).partition(JAVA_FRAME)[0]
    except Exception as problem:
        return f"<{type(error).__name__}.__str__ raised {type(problem).__name__}>"
    why = why_unwritten(error)
    return f"{said}\nCaused by: {why}" if why else said


def plain_traceback(error: BaseException) -> str:
    """Return the traceback as Python prints it, without frames of the runtime."""
    described = traceback.TracebackException.from_exception(error, compact=True)
    for part in _chain(described):
        part.stack = traceback.StackSummary.from_list(_shown(part.stack))
    return "".join(described.format()).rstrip("\n")


def causes(error: BaseException) -> list[str]:
    """Return what Spark says of the errors that led to one of its errors, outermost first.

    Args:
        error: of Spark, or any other, of which it says nothing.
    """
    trace = getattr(error, "getStackTrace", None)
    return CAUSE.findall((trace() if callable(trace) else None) or "")


def why_unwritten(error: BaseException) -> str:
    """Return why a task could not write a row; of any other error, nothing."""
    return "".join(causes(error)[-1:]).strip() if WRITE_FAILED in str(error) else ""


def line_of(
    error: BaseException, source_name: str | None, within: range | None = None
) -> int | None:
    """Return the line in ``source_name`` where it went wrong, counted from 1."""
    if isinstance(error, SyntaxError) and error.filename == source_name:
        return error.lineno
    lines = [
        line
        for name, line in _frames(error.__traceback__)
        if name == source_name and (within is None or line in within)
    ]
    return lines[-1] if lines else None


def _shown(stack: traceback.StackSummary) -> list[traceback.FrameSummary]:
    return [frame for frame in stack if not any(part in frame.filename for part in HIDDEN)]


def _chain(described: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    pending: list[traceback.TracebackException | None] = [described]
    seen: set[int] = set()
    while pending:
        part = pending.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        pending += [part.__cause__, part.__context__, *(getattr(part, "exceptions", None) or ())]


def _frames(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
