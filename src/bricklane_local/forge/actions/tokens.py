"""What a job's own token may do.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actions.workflows.tables import PERMISSIONS
from bricklane_local.forge.users.service import TOKEN

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge

# What a repository grants whose workflows say nothing: the restricted default of GitHub.
DEFAULT = {"contents": "read", "packages": "read"}
LEVELS = ("none", "read", "write")


def granted(workflow: Any, job: Any, *, fork: bool) -> dict[str, str]:
    """Return the permissions of a job's token, as the forge names them.

    Args:
        workflow: the workflow's ``permissions``, None when it has none.
        job: the job's, which take the place of the workflow's.
        fork: whether the run is of a fork's pull request, which may write nothing.
    """
    asked = job if job is not None else workflow
    if asked is None:
        levels = dict(DEFAULT)
    elif asked in ("read-all", "write-all"):
        wanted = asked.removesuffix("-all")
        levels = {
            name: wanted if wanted in allowed else allowed[0]
            for name, allowed in PERMISSIONS.items()
        }
        if wanted == "read":
            levels["id-token"] = "none"
    else:
        levels = dict(asked)
    if fork:
        levels = {
            name: "none" if name == "id-token" else _at_most_read(level)
            for name, level in levels.items()
        }
    return {name.replace("-", "_"): level for name, level in levels.items() if level != "none"} | {
        "metadata": "read"
    }


def _at_most_read(level: str) -> str:
    return LEVELS[min(LEVELS.index(level), LEVELS.index("read"))]


def revoke(forge: Forge, job: int) -> None:
    """Make the token of a job useless, whoever holds it."""
    for row in forge.space.select(TOKEN, parent=forge.users.bot.login.lower()):
        if row.body.get("job") == job:
            forge.space.delete(TOKEN, row.key)
