"""Scenarios: YAML files that list what happens, act by act."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bricklane.errors import BricklaneError, ExitCode

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

SUFFIX = ".yml"
HINT = "the format, and what each act takes, is in docs/rehearsal.md"


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of a scenario.

    Args:
        name: a key of the table of acts.
        parameters: what the act is told.
    """

    name: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a rehearsal plays.

    Args:
        name: of the file, without its suffix.
        title: one line.
        acts: in order.
    """

    name: str
    title: str
    acts: tuple[Act, ...]


def shipped() -> dict[str, Traversable]:
    """Return the scenarios that come with bricklane, name → file."""
    folder = resources.files("bricklane.rehearse") / "scenarios"
    files = [file for file in folder.iterdir() if file.name.endswith(SUFFIX)]
    return {file.name.removesuffix(SUFFIX): file for file in sorted(files, key=lambda f: f.name)}


def load(name: str, known: Mapping[str, Callable[..., Any]]) -> Scenario:
    """Read a scenario.

    Args:
        name: of a shipped one, or the path of a file.
        known: acts by name; their keyword-only arguments are what a scenario may say.

    Raises:
        BricklaneError: naming the file and everything that is wrong in it.
    """
    files = shipped()
    source: Traversable = files[name] if name in files else Path(name)
    try:
        text = source.read_text("utf-8")
    except OSError as error:
        raise BricklaneError(
            f"there is no scenario {name!r}: {error.strerror or error}",
            hint=f"known scenarios: {', '.join(files)}; or name a YAML file\n{HINT}",
            exit_code=ExitCode.USAGE,
        ) from None
    try:
        body = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _wrong(name, [f"it is not YAML: {error}"]) from None
    acts, problems = _acts(body, known)
    if problems:
        raise _wrong(name, problems)
    return Scenario(source.name.removesuffix(SUFFIX), str(body["title"]), tuple(acts))


def _wrong(name: str, problems: list[str]) -> BricklaneError:
    return BricklaneError(
        "\n".join([f"scenario {name}:", *(f"  {problem}" for problem in problems)]),
        hint=HINT,
        exit_code=ExitCode.CONFIG,
    )


def _acts(body: object, known: Mapping[str, Callable[..., Any]]) -> tuple[list[Act], list[str]]:
    if not isinstance(body, dict) or set(body) != {"title", "acts"}:
        return [], ["expected the two keys `title` and `acts`"]
    if not isinstance(body["acts"], list) or not body["acts"]:
        return [], ["acts: expected a list of acts"]
    acts: list[Act] = []
    problems: list[str] = []
    for number, entry in enumerate(body["acts"], 1):
        where = f"acts/{number}"
        if isinstance(entry, str):
            entry = {entry: {}}  # noqa: PLW2901  (the short form of an act without parameters)
        if not isinstance(entry, dict) or len(entry) != 1:
            problems.append(f"{where}: expected one act with its parameters")
            continue
        ((name, parameters),) = entry.items()
        if name not in known:
            problems.append(f"{where}: there is no act {name!r}; known: {', '.join(sorted(known))}")
            continue
        if isinstance(parameters, dict):
            parameters = {str(key).replace("-", "_"): value for key, value in parameters.items()}
        problems += [f"{where}/{name}: {p}" for p in _misfits(known[name], parameters or {})]
        acts.append(Act(name, parameters or {}))
    return acts, problems


def _misfits(act: Callable[..., Any], parameters: object) -> list[str]:
    if not isinstance(parameters, dict):
        return [f"expected parameters, found {parameters!r}"]
    accepted = {
        name: parameter
        for name, parameter in inspect.signature(act).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    missing = [
        name
        for name, parameter in accepted.items()
        if parameter.default is inspect.Parameter.empty and name not in parameters
    ]
    return [f"missing: {name}" for name in missing] + [
        f"unknown: {name}; it takes {', '.join(accepted) or 'nothing'}"
        for name in parameters
        if name not in accepted
    ]
