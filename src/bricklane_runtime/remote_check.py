"""Looks whether a Spark Connect server can serve a local cloud, and says what is in the way.

``python -m bricklane_runtime.remote_check`` reads what to look for as JSON from standard input and
prints what it found as JSON: the version of Spark, and problems, each with a word for what is wrong
and what Spark said.
"""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass, field
from typing import Any

from pyspark.errors import PySparkException
from pyspark.logger import PySparkLogger
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.session import SparkSession

from bricklane_runtime.session import REPEATING_LOGGERS, LoopbackChannelBuilder

# What Spark's errors have in them when there is no Delta Lake on its class path.
WITHOUT_DELTA = ("DATA_SOURCE_NOT_FOUND", "org.apache.spark.sql.delta", "io.delta")


@dataclass(frozen=True)
class Question:
    """What to look for.

    Args:
        remote: connection string without a token.
        token: that must open it.
        line: versions of Spark that will do begin with this.
        settings: of its process, with the values that they must have.
        identity: settings of a session of the cloud; empty when there is no workspace.
        folder: address of a folder with a file ``asked``, which is copied to ``answer``.
    """

    remote: str
    token: str = field(repr=False)
    line: str
    settings: dict[str, str]
    identity: dict[str, str] = field(repr=False)
    folder: str


def findings(question: Question) -> dict[str, Any]:
    """Return the version of Spark and the problems, as far as it can be looked at."""
    try:
        session = opened(question, question.token)
        try:
            return {"version": session.version, "problems": problems_of(session, question)}
        finally:
            # Spark forgets idle sessions by itself, and what was found counts more.
            with contextlib.suppress(Exception):
                session.client.release_session()
    except Exception as error:
        what = "refused" if "UNAUTHENTICATED" in str(error) else "connect"
        return {"version": "", "problems": [problem(what, said(error))]}


def problems_of(session: SparkSession, question: Question) -> list[dict[str, str]]:
    """Return what is in the way of using a server that answers."""
    if not session.version.startswith(question.line):
        return [problem("version", session.version)]
    found = [] if has_delta(session, question) else [problem("delta")]
    found += differing(session, question)
    if not found and opens_for_anybody(question):
        found.append(problem("open"))
    return found or used(session, question)


def opened(question: Question, token: str) -> SparkSession:
    """Return a session that does not wait long for a server."""
    session = SparkSession(LoopbackChannelBuilder(question.remote, token))
    session.client.set_retry_policies([DefaultPolicy(max_retries=2, max_backoff=500)])
    return session


def has_delta(session: SparkSession, question: Question) -> bool:
    """Whether tables of Delta Lake can be read: of one that is not there, Delta says so."""
    try:
        session.read.format("delta").load(f"{question.folder}/absent").schema  # noqa: B018
    except PySparkException as error:
        return not any(text in str(error) for text in WITHOUT_DELTA)
    return True


def differing(session: SparkSession, question: Question) -> list[dict[str, str]]:
    """Return the settings of the process that are not as they must be, by name."""
    found = {name: session.conf.get(name, "") for name in question.settings}
    return [
        problem(name, found[name] or "")
        for name, wanted in question.settings.items()
        if found[name] != wanted
    ]


def opens_for_anybody(question: Question) -> bool:
    """Whether a wrong token is let in."""
    try:
        stranger = opened(question, "wrong")
        stranger.version  # noqa: B018 - asks the server
    except PySparkException:
        return False
    return True


def used(session: SparkSession, question: Question) -> list[dict[str, str]]:
    """Use it as runs will: the catalogs of the cloud, and files in its storage."""
    for name, value in question.identity.items():
        session.conf.set(name, value)
    if question.identity:
        try:
            session.sql("SHOW CATALOGS").collect()
        except PySparkException as error:
            return [problem("callback", said(error))]
    try:
        # As a text and not as a table of Delta, the first of which takes a process long.
        asked = session.read.text(f"{question.folder}/asked")
        asked.write.text(f"{question.folder}/answer")
    except PySparkException as error:
        return [problem("storage", said(error))]
    return []


def problem(what: str, detail: str = "") -> dict[str, str]:
    """Return a finding."""
    return {"what": what, "detail": detail}


def said(error: BaseException) -> str:
    """Return what an error says on its first line, or the reason that gRPC gives among others."""
    text = str(error).strip()
    for line in text.splitlines():
        name, _, value = line.strip().partition(" = ")
        if name == "details":
            return value.strip('"')
    return text.splitlines()[0] if text else type(error).__name__


if __name__ == "__main__":
    for logger in REPEATING_LOGGERS:
        PySparkLogger.getLogger(logger).disabled = True
    print(json.dumps(findings(Question(**json.load(sys.stdin)))), flush=True)  # noqa: T201
