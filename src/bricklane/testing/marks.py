"""What tests make carries a mark: that a test made it, and until when it may be needed.

The mark is a word such as ``blt202611271500x1a2b3c4d``: the time in UTC, and a checksum of that
time and of the name of what is marked. So a copy that got its comment from a marked table has no
valid mark, and no word that somebody wrote by chance is one.

Where a kind of thing can be described (schemas, tables, volumes, jobs), the mark stands in the
comment or in the tag ``bricklane_test``; else (folders, secret scopes) it ends the name.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import string
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bricklane.testing.spark.warm import seconds

KEEP = "BRICKLANE_TEST_KEEP"
"""How long what tests make is theirs, such as ``6h``; afterwards ``bricklane sweep`` removes it."""

DEFAULT_KEEP = "6h"
TAG = "bricklane_test"
FORMAT = "%Y%m%d%H%M%S"
MARK = re.compile(r"blt(\d{14})x([0-9a-f]{8})")
LETTERS = string.ascii_lowercase + string.digits


def random_word(length: int = 8) -> str:
    """Return a random word of small letters and digits that begins with a letter."""
    first = secrets.choice(string.ascii_lowercase)
    return first + "".join(secrets.choice(LETTERS) for _ in range(length - 1))


def purge_time(environment: Mapping[str, str] = os.environ) -> datetime:
    """Return until when what is made now is a test's.

    Raises:
        BricklaneError: when the variable BRICKLANE_TEST_KEEP is no length of time.
    """
    keep = seconds(environment.get(KEEP) or DEFAULT_KEEP, KEEP)
    return datetime.now(UTC) + timedelta(seconds=keep)


def mark(name: str, until: datetime) -> str:
    """Return the mark of what is called ``name``."""
    time = until.astimezone(UTC).strftime(FORMAT)
    return f"blt{time}x{_check(name, time)}"


def comment(name: str, until: datetime) -> str:
    """Return a description with the mark, for people too."""
    shown = until.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    return f"Made by a test; bricklane sweep removes it after {shown} UTC ({mark(name, until)})"


def marked_name(prefix: str, until: datetime) -> str:
    """Return a new name that ends with its own mark."""
    stem = f"{prefix}_{random_word()}"
    return f"{stem}_{mark(stem, until)}"


def until_in(text: str, name: str) -> datetime | None:
    """Return until when what is called ``name`` is a test's, by the mark in ``text``.

    None when there is no mark of that name: it is not ours.
    """
    for time, check in MARK.findall(text):
        if check == _check(name, time):
            try:
                return datetime.strptime(time, FORMAT).replace(tzinfo=UTC)
            except ValueError:
                return None
    return None


def until_of_name(name: str) -> datetime | None:
    """Return until when something is a test's, by the mark that ends its name."""
    stem, _, last = name.rpartition("_")
    return until_in(last, stem) if MARK.fullmatch(last) else None


def _check(name: str, time: str) -> str:
    # The last part of the name, as the workspace folds it.
    own = name.rpartition(".")[2].lower()
    return hashlib.sha256(f"bricklane test {time} {own}".encode()).hexdigest()[:8]
