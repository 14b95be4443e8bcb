"""The command of a level, and what is added to it so that pytest has bricklane's plugin."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.settings import TESTS, Settings

ALL = "all"

# Levels that run a failed test once more when ``[testing.reruns]`` says nothing of them: what
# happens in a workspace depends on a network and on machines that are started.
RERUNS = {"integration": 1, "e2e": 1}

# Options of ``uv run`` with a value of their own; the first word after them that is no option is
# the program. Source: https://docs.astral.sh/uv/reference/cli/#uv-run
VALUED = frozenset(
    {
        "--allow-insecure-host",
        "--cache-dir",
        "--color",
        "--config-file",
        "--config-setting",
        "--default-index",
        "--directory",
        "--env-file",
        "--exclude-newer",
        "--extra",
        "--extra-index-url",
        "--find-links",
        "--fork-strategy",
        "--group",
        "--index",
        "--index-strategy",
        "--index-url",
        "--keyring-provider",
        "--link-mode",
        "--no-binary-package",
        "--no-build-package",
        "--no-extra",
        "--no-group",
        "--no-sources-package",
        "--only-group",
        "--package",
        "--prerelease",
        "--project",
        "--python",
        "--python-platform",
        "--refresh-package",
        "--reinstall-package",
        "--resolution",
        "--upgrade-package",
        "--with",
        "--with-editable",
        "--with-requirements",
        "-C",
        "-P",
        "-f",
        "-i",
        "-p",
        "-w",
    }
)

# What runs with another choice of dependencies than the one that developers have.
CHOOSING = (
    "--no-default-groups",
    "--no-dev",
    "--only-",
    "--isolated",
    "--no-project",
    "--no-group",
)

NEEDED = frozenset({"bricklane", "pytest-cov", "pytest-rerunfailures"})


def command_of(settings: Settings, level: str) -> str:
    """Return the command of a level: that of ``bricklane.toml``, else what its folder suggests.

    Raises:
        BricklaneError: when there is neither.
    """
    if level in settings.tests:
        return settings.tests[level]
    folder = f"{TESTS}/{level}"
    if level and level.isidentifier() and (settings.root / folder).is_dir():
        return f"uv run pytest {folder}" if uses_uv(settings.root) else f"python -m pytest {folder}"
    known = ", ".join(settings.levels) or "none"
    raise BricklaneError(
        f"the project has no level of tests {level!r}; it has: {known}",
        hint=f"make the folder {folder}, or name its command in bricklane.toml:\n[tests]\n"
        f'{level or "unit"} = "uv run pytest {folder}"',
        exit_code=ExitCode.USAGE,
    )


def uses_uv(root: Path) -> bool:
    """Return whether uv manages the project's environment."""
    return (root / "uv.lock").is_file() or "uv" in _pyproject(root).get("tool", {})


def _pyproject(root: Path) -> dict[str, dict[str, object]]:
    file = root / "pyproject.toml"
    try:
        return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BricklaneError(f"{file}: {error}", exit_code=ExitCode.CONFIG) from None


def reruns_of(settings: Settings, level: str) -> int:
    """Return how often a test of a level that fails is run again."""
    return settings.testing.reruns.get(level, RERUNS.get(level, 0))


def is_uv_run(words: Sequence[str]) -> bool:
    """Return whether a command begins with ``uv run``."""
    return len(words) > 2 and Path(words[0]).name in {"uv", "uv.exe"} and words[1] == "run"


def uv_options(words: Sequence[str]) -> tuple[str, ...]:
    """Return the options of ``uv run`` in a command, up to the program that it runs."""
    place = 2
    while place < len(words) and words[place].startswith("-") and words[place] != "--":
        place += 2 if words[place] in VALUED else 1
    return tuple(words[2:place])


def has_plugin(words: Sequence[str], lock: str) -> bool:
    """Return whether the environment that ``uv run`` makes has bricklane and what runs tests.

    Args:
        words: the command.
        lock: the text of ``uv.lock``; empty when there is none.
    """
    if any(word.startswith(CHOOSING) for word in uv_options(words)):
        return False
    locked = {str(package.get("name")) for package in tomllib.loads(lock).get("package", ())}
    return locked >= NEEDED


def with_plugin(words: Sequence[str], added: Sequence[str], *, offline: bool) -> tuple[str, ...]:
    """Return a command of ``uv run`` that adds bricklane to the project's environment.

    Args:
        words: the command.
        added: as :func:`bricklane.testing.levels.requirement.uv_words` has it.
        offline: whether all it needs is in uv's cache.
    """
    return (*words[:2], *(("--offline",) if offline else ()), *added, *words[2:])


def probe(words: Sequence[str], added: Sequence[str]) -> tuple[str, ...]:
    """Return the command that tells whether all is in uv's cache: it then needs no network."""
    return (
        *words[:2], "--quiet", "--offline", *added, *uv_options(words), "python", "-c", "",
    )  # fmt: skip
