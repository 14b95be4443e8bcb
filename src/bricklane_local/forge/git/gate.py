"""The question that a push asks before it takes effect, and the forge's answer.

Git runs the ``pre-receive`` hook once all objects of a push are in quarantine and before any ref
changes. The hook is a few lines of shell that talk to the server over two pipes it inherits: no
socket, no port, no secret that could leak, and when the server dies the pipes close and the hook
refuses.

Source: https://git-scm.com/docs/githooks#pre-receive
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bricklane_local.files import write_atomically
from bricklane_local.forge.git.model import ZERO, RefChange, Refusal
from bricklane_local.forge.git.names import is_sha

# A pipe takes this much at once on every system, so answering never blocks.
ANSWER_LIMIT = 16_000
QUESTION_LIMIT = 64 * 1024 * 1024
HOOK = """\
#!/bin/sh
# Asks the forge whether the pushed refs may change; no answer is a refusal.
exec 3>"/dev/fd/$BRICKLANE_ASK" 4<"/dev/fd/$BRICKLANE_ANSWER" || exit 1
{ printf '%s\\n' "$GIT_QUARANTINE_PATH" && cat && printf '.\\n'; } >&3 || exit 1
IFS= read -r verdict <&4 || verdict='the forge gave no answer'
while IFS= read -r line <&4 && [ "$line" != . ]; do printf '%s\\n' "$line" >&2; done
[ "$verdict" = accept ]
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What a push wants.

    Args:
        objects: the folder of the objects that it brings.
        changes: the refs that it wants to change.
    """

    objects: str
    changes: tuple[RefChange, ...]


class Gate:
    """The two pipes of one push; a context that closes them."""

    def __init__(self) -> None:
        self._ask, self._asked = os.pipe()
        self._answered, self._answer = os.pipe()
        self._open = {self._ask, self._asked, self._answered, self._answer}

    @property
    def inherited(self) -> tuple[int, int]:
        """The ends that the hook uses."""
        return self._asked, self._answered

    def environment(self) -> dict[str, str]:
        """Return the variables by which the hook finds its ends."""
        return {"BRICKLANE_ASK": str(self._asked), "BRICKLANE_ANSWER": str(self._answered)}

    def started(self) -> None:
        """Close our copies of the hook's ends, once the child has its own."""
        self._close(self._asked)
        self._close(self._answered)

    async def question(self) -> Question | None:
        """Return what the hook asks, or None when git ended without asking."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=QUESTION_LIMIT)
        file = os.fdopen(self._ask, "rb", buffering=0)
        self._open.discard(self._ask)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_read_pipe(lambda: protocol, file)
        try:
            content = await reader.readuntil(b"\n.\n")
        except asyncio.IncompleteReadError:
            return None
        finally:
            transport.close()
        objects, *lines = content.decode("utf-8", "surrogateescape").split("\n")[:-2]
        return Question(objects, tuple(_change(line) for line in lines))

    def accept(self) -> None:
        """Let the push take effect."""
        self._say(["accept", "."])

    def refuse(self, lines: Iterable[str]) -> None:
        """Refuse the push, telling its owner why."""
        self._say(["refuse", *(line for line in lines if line != "."), "."])

    def _say(self, lines: list[str]) -> None:
        content = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
        if len(content) > ANSWER_LIMIT:
            content = content[:ANSWER_LIMIT].rpartition(b"\n")[0] + b"\n...\n.\n"
        # A hook that is gone has refused already.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._answer, content)

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in list(self._open):
            self._close(descriptor)

    def _close(self, descriptor: int) -> None:
        self._open.discard(descriptor)
        os.close(descriptor)


def _change(line: str) -> RefChange:
    before, after, ref = line.split(" ", 2)
    if not is_sha(before) or not is_sha(after):
        raise ValueError(f"the pre-receive hook sent {line!r}")
    return RefChange(ref, None if before == ZERO else before, None if after == ZERO else after)


def install(folder: Path) -> None:
    """Write the hook that all repositories share."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomically(folder / "pre-receive", HOOK.encode(), 0o700)


# First lines for each code; GitHub's clients and people look for the codes.
TITLES = {
    "GH006": "Protected branch update failed for {ref}.",
    "GH013": "Repository rule violations found for {ref}.",
}


def explained(refusals: Iterable[Refusal]) -> list[str]:
    """Return refusals as lines for the terminal of whoever pushed."""
    lines = []
    for row in refusals:
        title = TITLES.get(row.code, "Update of {ref} is refused.").replace("{ref}", row.ref)
        lines += [f"error: {row.code}: {title}".replace("error: : ", "error: "), "error: "]
        lines += [f"error: - {reason}" for reason in row.reasons]
        lines.append("error: ")
    return lines[:-1]
