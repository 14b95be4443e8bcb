"""``dbutils.widgets``: the parameters of a notebook.

Source: https://docs.databricks.com/en/dev-tools/databricks-utils.html#widgets-utility-dbutilswidgets
"""

from __future__ import annotations

from collections.abc import Sequence

from bricklane_runtime.dbutils.utility import Utility


class InputWidgetNotDefined(Exception):  # noqa: N818 - Databricks' name
    """A widget that was neither created nor given as a parameter.

    Args:
        name: the widget's name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"No input widget named {name} is defined")
        self.name = name


class Widgets(Utility):
    """Input widgets that let a notebook take parameters.

    Args:
        parameters: values that the run was given; they win over defaults.
    """

    def __init__(self, parameters: dict[str, str] | None = None) -> None:
        self._parameters = dict(parameters or {})
        self._values = dict(self._parameters)
        self._defaults: dict[str, str] = {}

    # Databricks' own parameter names, which callers may use by name.
    def text(
        self,
        name: str,
        defaultValue: str,  # noqa: N803
        label: str | None = None,  # noqa: ARG002 - for a user interface
    ) -> None:
        """Create a text input widget."""
        self._create(name, defaultValue)

    def dropdown(
        self,
        name: str,
        defaultValue: str,  # noqa: N803
        choices: Sequence[str],
        label: str | None = None,  # noqa: ARG002 - for a user interface
    ) -> None:
        """Create a dropdown widget: the default must be one of the choices."""
        _require_choice(name, [defaultValue], choices)
        self._create(name, defaultValue)

    def combobox(
        self,
        name: str,
        defaultValue: str,  # noqa: N803
        choices: Sequence[str],  # noqa: ARG002 - any value is fine
        label: str | None = None,  # noqa: ARG002 - for a user interface
    ) -> None:
        """Create a combobox widget: a dropdown that takes other values too."""
        self._create(name, defaultValue)

    def multiselect(
        self,
        name: str,
        defaultValue: str,  # noqa: N803
        choices: Sequence[str],
        label: str | None = None,  # noqa: ARG002 - for a user interface
    ) -> None:
        """Create a multiselect widget: its value is a list joined by commas."""
        _require_choice(name, defaultValue.split(","), choices)
        self._create(name, defaultValue)

    def get(self, name: str) -> str:
        """Return the current value of a widget."""
        if name not in self._values:
            raise InputWidgetNotDefined(name)
        return self._values[name]

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:  # noqa: N802, N803
        """Return the current value of a widget, or the given default (deprecated)."""
        if name not in self._values and defaultValue is not None:
            return defaultValue
        return self.get(name)

    def getAll(self) -> dict[str, str]:  # noqa: N802
        """Return all widgets with their values."""
        return dict(self._values)

    def remove(self, name: str) -> None:
        """Remove a widget."""
        if name not in self._values:
            raise InputWidgetNotDefined(name)
        del self._values[name]

    def removeAll(self) -> None:  # noqa: N802
        """Remove all widgets."""
        self._values.clear()

    def _create(self, name: str, default: str) -> None:
        if not isinstance(default, str):
            raise TypeError(
                f"The default of widget {name} must be text, got {type(default).__name__}"
            )
        self._defaults[name] = default
        # Creating a widget again keeps the value that it has.
        self._values.setdefault(name, self._parameters.get(name, default))

    def _assign(self, values: dict[str, str]) -> None:
        """Set values as ``%run path $name="value"`` does."""
        self._parameters.update(values)
        self._values.update(values)


def _require_choice(name: str, defaults: Sequence[str], choices: Sequence[str]) -> None:
    for default in defaults:
        if default not in choices:
            raise ValueError(
                f"The default {default!r} of widget {name} is not one of its choices: "
                + ", ".join(map(str, choices))
            )
