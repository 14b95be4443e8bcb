"""What ``dbutils.notebook.entry_point.getDbutils().notebook().getContext()`` returns.

On Databricks it is a Java object of undocumented shape; this has the members that code uses to
find out who, where and under which ids it runs. Every value is an option with ``get()``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bricklane_runtime.specification import Specification


class Option:
    """A value that may be missing, with the methods of Scala's ``Option``.

    Args:
        value: the value, or None.
    """

    def __init__(self, value: str | None) -> None:
        self._value = value

    def get(self) -> str:
        """Return the value."""
        if self._value is None:
            raise ValueError("None.get: the notebook context has no such value")
        return self._value

    def getOrElse(self, default: Any) -> Any:  # noqa: N802 - Scala's name
        """Return the value, or ``default`` when there is none."""
        return default if self._value is None else self._value

    def isDefined(self) -> bool:  # noqa: N802 - Scala's name
        """Tell whether there is a value."""
        return self._value is not None

    def nonEmpty(self) -> bool:  # noqa: N802 - Scala's name
        """Tell whether there is a value."""
        return self._value is not None

    def isEmpty(self) -> bool:  # noqa: N802 - Scala's name
        """Tell whether there is none."""
        return self._value is None

    def toString(self) -> str:  # noqa: N802 - Scala's name
        """Return the option as text."""
        return str(self)

    def __str__(self) -> str:
        return "None" if self._value is None else f"Some({self._value})"


class Tags:
    """The tags of a run: a Scala map.

    Args:
        values: tag to value.
    """

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def apply(self, name: str) -> str:
        """Return a tag's value."""
        if name not in self._values:
            raise KeyError(f"key not found: {name}")
        return self._values[name]

    def get(self, name: str) -> Option:
        """Return a tag's value as an option."""
        return Option(self._values.get(name))

    def contains(self, name: str) -> bool:
        """Tell whether there is such a tag."""
        return name in self._values

    def toString(self) -> str:  # noqa: N802 - Scala's name
        """Return the tags as text."""
        return "Map(" + ", ".join(f"{key} -> {value}" for key, value in self._values.items()) + ")"

    def __str__(self) -> str:
        return self.toString()


class Context:
    """Who, where and under which ids a run executes; ``context.jobId().get()`` and the like.

    Args:
        values: member name to value; an empty one becomes an empty option.
        token: the run's token.
        tags: the run's tags.
        attributes: what ``toJson`` shows beside the tags.
    """

    def __init__(
        self,
        values: dict[str, str],
        token: str,
        tags: dict[str, str],
        attributes: dict[str, str],
    ) -> None:
        self._values = values
        self._token = token
        self._tags = tags
        self._attributes = attributes

    def apiToken(self) -> Option:  # noqa: N802 - Databricks' name
        """Return the run's token."""
        return Option(self._token)

    def tags(self) -> Tags:
        """Return the run's tags."""
        return Tags(self._tags)

    def toJson(self) -> str:  # noqa: N802 - Databricks' name
        """Return the context as JSON, without the token."""
        return json.dumps({"tags": self._tags, "extraContext": self._attributes})

    safeToJson = toJson  # noqa: N815 - Databricks' name

    def __getattr__(self, name: str) -> Any:
        if name not in self._values:
            known = ", ".join(sorted([*self._values, "apiToken", "tags", "toJson"]))
            raise AttributeError(f"The notebook context has no {name!r}; it has: {known}")
        return lambda: Option(self._values[name] or None)


def context_of(specification: Specification) -> Context:
    """Return the context of a run."""
    ids = {
        "jobId": specification.context_value("job_id"),
        "multitaskParentRunId": specification.context_value("job_run_id"),
        "currentRunId": specification.context_value("run_id"),
    }
    path = specification.notebook.path if specification.notebook else ""
    attributes = {"notebook_path": path, "api_url": specification.host}
    values = {
        **ids,
        "apiUrl": specification.host,
        "browserHostName": specification.host.partition("://")[2],
        "clusterId": "",
        "notebookPath": path,
        "userName": specification.user,
        "workspaceId": specification.workspace_id,
    }
    tags = {
        **{name: value for name, value in ids.items() if value},
        "runId": ids["currentRunId"],
        "jobName": specification.context_value("job_name"),
        "taskKey": specification.context_value("task_key"),
        "orgId": specification.workspace_id,
        "browserHostName": values["browserHostName"],
        "user": specification.user,
    }
    return Context(values, specification.token, {k: v for k, v in tags.items() if v}, attributes)


class EntryPoint:
    """``dbutils.notebook.entry_point``.

    Args:
        context: the run's context.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def getDbutils(self) -> EntryPoint:  # noqa: N802 - Databricks' name
        """Return an object with ``notebook()``."""
        return self

    def notebook(self) -> EntryPoint:
        """Return an object with ``getContext()``."""
        return self

    def getContext(self) -> Context:  # noqa: N802 - Databricks' name
        """Return the run's context."""
        return self._context
