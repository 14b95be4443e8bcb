"""Rules that a project or an installed package adds."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from bricklane.errors import BricklaneError, ExitCode
from bricklane.testing.policy.model import Rule
from bricklane.testing.policy.rules import RULES

FILE = "bricklane_policy.py"
GROUP = "bricklane.policy"


def rules_of(root: Path) -> tuple[Rule, ...]:
    """Return the rules of a project: ours, those of installed packages, and its own.

    Args:
        root: the folder of ``databricks.yml``.

    Raises:
        BricklaneError: when a rule cannot be loaded, or two have one id.
    """
    found: dict[str, tuple[Rule, str]] = {rule.id: (rule, "bricklane") for rule in RULES}
    for rule, origin in (*_installed(), *_own(root)):
        if rule.id in found:
            raise BricklaneError(
                f"{origin} has a rule {rule.id!r}, and so has {found[rule.id][1]}",
                hint="give one of them another id",
                exit_code=ExitCode.CONFIG,
            )
        found[rule.id] = rule, origin
    return tuple(rule for rule, _ in found.values())


def _installed() -> Iterator[tuple[Rule, str]]:
    for point in entry_points(group=GROUP):
        origin = f"{point.dist.name if point.dist else point.value} ({point.name})"
        try:
            loaded = point.load()
        except Exception as error:
            raise _not_loaded(origin, error) from error
        for rule in _rules_in(loaded):
            yield rule, origin


def _own(root: Path) -> Iterator[tuple[Rule, str]]:
    file = root / FILE
    if not file.is_file():
        return
    spec = importlib.util.spec_from_file_location("bricklane_policy", file)
    if spec is None or spec.loader is None:
        raise BricklaneError(f"{file}: this is no Python file", exit_code=ExitCode.CONFIG)
    module = importlib.util.module_from_spec(spec)
    written = sys.dont_write_bytecode
    # A deployment's checkout must stay as the commit has it.
    sys.dont_write_bytecode = True
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _not_loaded(str(file), error) from error
    finally:
        sys.dont_write_bytecode = written
    for rule in _rules_in(module):
        yield rule, str(file)


def _rules_in(loaded: Any) -> Iterable[Rule]:
    """Return the rules that an object is, or holds: a rule, a list of them, or a module."""
    if isinstance(loaded, Rule):
        return (loaded,)
    values = loaded if isinstance(loaded, (list, tuple)) else vars(loaded).values()
    return tuple(dict.fromkeys(value for value in values if isinstance(value, Rule)))


def _not_loaded(origin: str, error: Exception) -> BricklaneError:
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename.endswith(FILE)]
    line = inside[-1].lineno if inside else getattr(error, "lineno", None)
    where = f"{origin}:{line}" if line else origin
    return BricklaneError(
        f"{where}: its rules cannot be loaded: {type(error).__name__}: {error}",
        hint="how rules are written: docs/policy.md",
        exit_code=ExitCode.CONFIG,
    )
