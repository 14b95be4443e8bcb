"""``%run`` cells: another notebook's cells, run in this one.

Source: https://docs.databricks.com/en/notebooks/notebook-workflows.html
"""

from __future__ import annotations

import base64
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bricklane_runtime.notebook.source import Cell, parse
from bricklane_runtime.rest import RestError

if TYPE_CHECKING:
    from bricklane_runtime.rest import Rest

ASSIGNMENT = re.compile(r"\A\$(?P<name>\w+)=(?P<value>.*)\Z", re.DOTALL)


class InclusionError(Exception):
    """A ``%run`` cell cannot be understood, or its notebook cannot be found."""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A parsed ``%run`` cell.

    Args:
        path: as written.
        widgets: values for widgets.
    """

    path: str
    widgets: dict[str, str]


def parse_inclusion(body: str) -> Inclusion:
    """Parse ``path $name="value" ...``.

    Raises:
        InclusionError: it is anything else; ``%run`` must be alone in its cell.
    """
    lines = [line for line in body.strip().split("\n") if line.strip()]
    if len(lines) != 1:
        raise InclusionError("%run needs one line with the notebook's path, alone in its cell")
    path, *words = shlex.split(re.sub(r"\s=\s", "=", lines[0]))
    widgets = {}
    for word in words:
        match = ASSIGNMENT.match(word)
        if match is None:
            raise InclusionError(f'%run {path}: cannot read {word!r}; write $name="value"')
        widgets[match["name"]] = match["value"]
    return Inclusion(path, widgets)


def load(rest: Rest, path: str) -> list[Cell]:
    """Return the cells of a notebook of a workspace.

    Raises:
        InclusionError: there is no such notebook.
        RestError: the workspace refused to show it.
    """
    try:
        status = rest.call("GET", "/api/2.0/workspace/get-status", path=path)
        if status.get("object_type") != "NOTEBOOK":
            raise InclusionError(f"%run: {path} is no notebook but {status.get('object_type')}")
        exported = rest.call("GET", "/api/2.0/workspace/export", path=path, format="SOURCE")
    except RestError as error:
        if error.status == 404:
            raise InclusionError(f"Notebook not found: {path}") from None
        raise
    content = base64.b64decode(exported["content"])
    return parse(content, status.get("language") or "PYTHON", "SOURCE")
