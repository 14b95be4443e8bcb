"""Asynchronous states as tables: what an action makes of a state, and what follows by itself.

Nothing runs in the background: a resource keeps which state it was put into and when, and what it
is in now follows from the table and the time. So it survives restarts, and a test may move the
clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bricklane_local.app.errors import ApiError

Body = dict[str, Any]
STATE = "_state"
# Milliseconds that pass before what starts has started. There is nothing to wait for, but a client
# should meet the states between; the SDKs look for the second time after a second or two.
SOON = 100


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of a state by itself.

    Args:
        to: the next state.
        after: milliseconds.
    """

    to: str
    after: int = SOON


@dataclass(frozen=True, slots=True)
class Machine:
    """The states of one kind.

    Args:
        name: of the kind, for messages.
        actions: action → state before → state after; an action in a state that is not there is
            refused.
        moves: state → what becomes of it by itself.
        idle: milliseconds in ``idles`` after which a resource leaves it; None for never.
        idles: the state that an idle resource leaves, and for which one; None when none does.
    """

    name: str
    actions: Mapping[str, Mapping[str, str]]
    moves: Mapping[str, Move] = field(default_factory=dict)
    idle: Callable[[Body], int | None] = lambda _body: None
    idles: tuple[str, str] | None = None

    def begin(self, state: str, time: int) -> Body:
        """Return the fields of a resource that is in ``state`` since ``time``."""
        return {STATE: {"name": state, "since": time}}

    def now(self, body: Body, time: int) -> tuple[str, int]:
        """Return the state that a resource is in at ``time``, and since when."""
        found = next(self.path(body))
        for step in self.path(body):
            if step[1] > time:
                break
            found = step
        return found

    def path(self, body: Body) -> Iterator[tuple[str, int]]:
        """Iterate over the state that a resource was put into and those that follow by themselves.

        Returns:
            Each state with the time at which it begins, in milliseconds since the epoch.
        """
        state, since = str(body[STATE]["name"]), int(body[STATE]["since"])
        yield state, since
        while (move := self._move(state, body)) is not None:
            state, since = move.to, since + move.after
            yield state, since

    def _move(self, state: str, body: Body) -> Move | None:
        if self.idles is not None and state == self.idles[0]:
            limit = self.idle(body)
            return None if limit is None else Move(self.idles[1], limit)
        return self.moves.get(state)

    def act(self, action: str, body: Body, time: int) -> Body:
        """Return the fields that an action changes.

        Args:
            action: one of the table's.
            body: the resource.
            time: milliseconds since the epoch.

        Raises:
            ApiError: INVALID_STATE when the action does not fit the resource's state.
        """
        state, _since = self.now(body, time)
        after = self.actions[action].get(state)
        if after is None:
            fitting = ", ".join(self.actions[action])
            raise ApiError(
                "INVALID_STATE",
                f"Cannot {action} a {self.name} that is {state}; it must be {fitting}",
            )
        return self.begin(after, time)
