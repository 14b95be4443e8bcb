"""How steps and output appear in a terminal, and in the log of a workflow's run.

Source of the commands: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import click

from bricklane.flow import Outcome

Steps = Sequence[tuple[str, str, Outcome]]

MARKS = {
    Outcome.DONE_BEFORE: ("=", "already done"),
    Outcome.WOULD_DO: ("?", "would do"),
    Outcome.DOING: (">", ""),
}


def terminal(name: str, detail: str, outcome: Outcome) -> None:
    """Show a step on a terminal: one line when it begins, or is not needed."""
    if outcome is Outcome.DONE:
        return
    mark, said = MARKS[outcome]
    line = f"{mark} {name}" + (f": {detail}" if detail else "") + (f" ({said})" if said else "")
    click.secho(line, bold=outcome is Outcome.DOING)


@dataclass
class GroupedLog:
    """Shows each step as a group that folds; remembers what was done, for the summary.

    Args:
        echo: writes a line.
        groups: whether the log can fold.
        done: name and detail of each step, and what became of it.
    """

    echo: Callable[[str], None] = click.echo
    groups: bool = True
    done: list[tuple[str, str, Outcome]] = field(default_factory=list)
    _open: bool = False

    def __call__(self, name: str, detail: str, outcome: Outcome) -> None:
        """Report a step; the signature is that of :data:`bricklane.flow.Report`."""
        title = f"{name}: {detail}" if detail else name
        if outcome is Outcome.DOING:
            self.close()
            self.echo(f"::group::{title}" if self.groups else f"> {title}")
            self._open = True
            self.done.append((name, detail, outcome))
        elif outcome is Outcome.DONE:
            self.close()
            self._settle(name, detail)
        else:
            self.close()
            self.echo(f"{title} ({outcome.value})")
            self.done.append((name, detail, outcome))

    def _settle(self, name: str, detail: str) -> None:
        """Mark the step as done; a flow inside of it may have reported steps of its own since."""
        for place in reversed(range(len(self.done))):
            if self.done[place][0] == name:
                self.done[place] = (name, detail, Outcome.DONE)
                return

    def close(self) -> None:
        """End the group that is open, such as when a step has failed."""
        if self._open and self.groups:
            self.echo("::endgroup::")
        self._open = False
