"""Reads ``bricklane.toml`` and ``databricks.yml`` into one :class:`Settings`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.kinds import PRESETS
from bricklane.project.bundlefile import Bundle, find_bundle, read_bundle
from bricklane.project.settings import Settings, TargetSettings
from bricklane.project.suggestions import suggestion
from bricklane.project.tables import Location, Problem, Reader
from bricklane.project.textfile import read_text
from bricklane.project.tomllines import key_lines, line_of

FILE_NAME = "bricklane.toml"
REFERENCE = Path(__file__).with_name("reference.toml")

FORGES = ("github",)
# What a rule of the policy can be; `bricklane.testing.policy` says what each means.
SEVERITIES = ("error", "warning", "off")

# A test that fails more often than that is no flaky one.
MOST_RERUNS = 10

# Of Settings, what is observed and not configured.
OBSERVED = ("root", "bundle")


class SettingsError(BricklaneError):
    """``bricklane.toml`` says what it cannot say; names each problem with its line.

    Args:
        file: the file.
        problems: one line each.
    """

    def __init__(self, file: Path, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "\n".join((f"{file.name} cannot be used:", *self.problems)),
            hint="the keys, their meaning and defaults: bricklane/project/reference.toml",
            exit_code=ExitCode.CONFIG,
        )


def load(start: Path) -> Settings:
    """Return the settings of the project that ``start`` is in.

    Finds ``databricks.yml`` in ``start`` or above it, no further than the root of the git
    repository, and reads ``bricklane.toml`` beside it; without that file every key has its default.

    Raises:
        SettingsError: with all problems at once, each as ``file:line: key/path: expectation``.
        BricklaneError: when there is no bundle, or its file cannot be read.
    """
    return settings_of(read_bundle(find_bundle(start)))


def settings_of(bundle: Bundle) -> Settings:
    """Return the settings beside a bundle that is read already; raises as :func:`load` does."""
    file = bundle.root / FILE_NAME
    text = read_text(file) if file.is_file() else ""
    return parse(text, bundle, file)


def parse(text: str, bundle: Bundle, file: Path) -> Settings:
    """Return the settings that ``text`` has for ``bundle``.

    Args:
        text: content of ``bricklane.toml``.
        bundle: names the targets.
        file: for messages.

    Raises:
        SettingsError: as :func:`load` does.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(file, [f"{file}: {error}"]) from None
    reader = Reader()
    read = reader.table(Settings, document, given={"root": bundle.root, "bundle": bundle.name})
    # What is not of the right type cannot be asked what it means.
    if problems := reader.problems or list(_meaning_problems(read, bundle)):
        lines = key_lines(text)
        placed = sorted((line_of(path, lines), path, said) for path, said in problems)
        raise SettingsError(
            file, [f"{file}:{line}: {'/'.join(path)}: {said}" for line, path, said in placed]
        )
    targets = {name: read.targets.get(name, TargetSettings()) for name in bundle.targets}
    return replace(read, targets=targets)


def _meaning_problems(read: Settings, bundle: Bundle) -> Iterator[Problem]:
    for path, value, known in _choices(read, bundle):
        if value not in known:
            yield path, f"`{value}` is not known; {suggestion(value, known)}"
    for path, fits, said in _rules(read):
        if not fits:
            yield path, said


def _choices(read: Settings, bundle: Bundle) -> Iterator[tuple[Location, str, Iterable[str]]]:
    yield ("gitflow", "preset"), read.gitflow.preset, PRESETS
    yield ("forge", "kind"), read.forge.kind, FORGES
    for rule, severity in read.policy.items():
        yield ("policy", rule), severity, SEVERITIES
    known = [kind.name for kind in PRESETS.get(read.gitflow.preset, ()) if kind.prefix]
    for kind in read.gitflow.prefixes:
        yield ("gitflow", "prefixes", kind), kind, known or (kind,)
    for name, target in read.targets.items():
        yield ("targets", name), name, bundle.targets
        for level in target.tests:
            yield ("targets", name, "tests"), level, read.levels or ("a level under [tests]",)
        others = [other for other in bundle.targets if other != name]
        for other in target.tested_in:
            yield ("targets", name, "tested_in"), other, others or ("another target",)
        for rule, severity in target.policy.items():
            yield ("targets", name, "policy", rule), severity, SEVERITIES


def _rules(read: Settings) -> Iterator[tuple[Location, bool, str]]:
    flow, forge = read.gitflow, read.forge
    yield (
        ("gitflow", "tag"),
        flow.tag.count("{version}") == 1,
        f"expected a format with `{{version}}` in it once, found {flow.tag!r}",
    )
    for key in ("remote", "main", "develop"):
        yield ("gitflow", key), bool(getattr(flow, key)), "expected a name, found an empty string"
    yield (
        ("gitflow", "develop"),
        flow.main != flow.develop or flow.preset == "trunk",
        f"expected another branch than main, which is {flow.main!r} too",
    )
    for path, value, inside in _paths(read):
        yield path, inside(value), f"expected a path inside the project, found {value!r}"
    yield (
        ("forge", "repository"),
        not forge.repository or forge.repository.count("/") == 1,
        f"expected owner/name, found {forge.repository!r}",
    )
    yield (
        ("forge", "api"),
        not forge.api or forge.api.startswith(("https://", "http://")),
        f"expected a URL that begins with https://, found {forge.api!r}",
    )
    for level, count in read.testing.reruns.items():
        said = f"expected how often a test is run again, 0 to {MOST_RERUNS}, found {count}"
        yield ("testing", "reruns", level), 0 <= count <= MOST_RERUNS, said
    for kind, prefix in flow.prefixes.items():
        yield ("gitflow", "prefixes", kind), bool(prefix.strip("/")), "expected such as `release/`"


def _paths(read: Settings) -> Iterator[tuple[Location, str, Callable[[str], bool]]]:
    def inside(value: str) -> bool:
        return not Path(value).is_absolute() and ".." not in Path(value).parts

    yield ("gitflow", "changelog"), read.gitflow.changelog, inside
    for file in read.gitflow.version_files:
        yield ("gitflow", "version_files"), file, inside
    for folder in read.testing.coverage:
        yield ("testing", "coverage"), folder, inside


def described(settings: Settings) -> Mapping[str, Any]:
    """Return every key's value by its path in the file, such as ``forge/api``.

    Free tables (targets, tests, prefixes) appear under their own name.
    """
    found: dict[str, Any] = {}
    for name in (part.name for part in fields(settings) if part.name not in OBSERVED):
        value = getattr(settings, name)
        if name in {"gitflow", "forge", "lint", "notebooks", "testing"}:
            found |= {f"{name}/{part.name}": getattr(value, part.name) for part in fields(value)}
        else:
            found[name] = value
    return found
