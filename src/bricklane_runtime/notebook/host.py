"""What a running notebook asks of where it runs: the local cloud, or a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from bricklane_runtime.notebook.outputs import Recorder
    from bricklane_runtime.notebook.source import Cell


@dataclass(frozen=True, slots=True)
class Place:
    """Where Python takes a cell's code to be.

    Args:
        name: the file name that its code is compiled with.
        line: the number of its first line there.
        is_file: whether Python finds the code's lines there by itself, for tracebacks.
    """

    name: str
    line: int = 1
    is_file: bool = False


class Host(Protocol):
    """Where a notebook runs."""

    @property
    def path(self) -> str:
        """The notebook's absolute path, without the end of its file's name."""
        ...

    @property
    def session(self) -> Any:
        """The Spark session, or None."""
        ...

    @property
    def dbutils(self) -> Any:
        """The notebook's ``dbutils``."""
        ...

    @property
    def recorder(self) -> Recorder:
        """Records what cells show."""
        ...

    def load(self, path: str) -> list[Cell]:
        """Return the cells of the notebook at an absolute path.

        Raises:
            InclusionError: there is none.
        """
        ...

    def place(self, path: str, index: int, cell: Cell) -> Place:
        """Return where the code of a cell is.

        Args:
            path: of its notebook.
            index: its number in the notebook, from 0.
            cell: the cell.
        """
        ...

    def sql(self, statement: str, values: dict[str, str]) -> Any:
        """Return the data frame of a statement.

        Args:
            statement: one statement.
            values: of its parameter markers, by name.
        """
        ...

    def pip(self, line: str) -> None:
        """Run what follows ``%pip``."""
        ...

    def forget(self) -> None:
        """Have the modules of the user's own packages and files imported anew."""
        ...
