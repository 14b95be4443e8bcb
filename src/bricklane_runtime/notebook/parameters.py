"""``CREATE WIDGET`` and ``REMOVE WIDGET`` in SQL cells.

Source: https://docs.databricks.com/en/notebooks/widgets.html#databricks-widgets-in-sql
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bricklane_runtime.notebook.statements import tokens

if TYPE_CHECKING:
    from bricklane_runtime.dbutils.widgets import Widgets

LITERAL = r"""(?P<{0}>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
NAME = r"(?P<name>\w+|`[^`]+`)"
REMOVE = re.compile(rf"\A\s*REMOVE\s+WIDGET\s+{NAME}\s*\Z", re.IGNORECASE)
CREATE = re.compile(
    rf"\A\s*CREATE\s+WIDGET\s+(?P<kind>TEXT|DROPDOWN|COMBOBOX|MULTISELECT)\s+{NAME}\s+"
    rf"DEFAULT\s+{LITERAL.format('default')}"
    # The choices come from a query; they matter to a person who picks one.
    r"(?:\s+CHOICES\s+(?P<choices>.+))?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)


def run_widget_statement(statement: str, widgets: Widgets) -> bool:
    """Run a statement if it is one about widgets.

    Args:
        statement: a SQL statement.
        widgets: of the notebook.

    Returns:
        Whether it was.

    Raises:
        InputWidgetNotDefined: a widget to be removed does not exist.
    """
    statement = "".join(part.text for part in tokens(statement) if part.kind != "comment")
    create = CREATE.match(statement)
    if create:
        default = re.sub(r"\\(.)", r"\1", create["default"][1:-1])
        widgets.combobox(create["name"].strip("`"), default, [default])
        return True
    remove = REMOVE.match(statement)
    if remove:
        widgets.remove(remove["name"].strip("`"))
        return True
    return False
