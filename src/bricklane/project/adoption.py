"""What a bundle that was there before needs for its delivery, and what it lacks."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bricklane.project.bundlefile import DEVELOPMENT, PRODUCTION, Artifact, Bundle, BundleTarget
from bricklane.project.rendering import Adoption

GUARD = "BRICKLANE_BUILT"
WHEEL_BUILD = "uv build --wheel --clear"
ROOT_PATH = "/Workspace/Users/${var.service_principal}/.bundle/${bundle.name}/${bundle.target}"
PRINCIPAL = "${var.service_principal}"

# The targets that branches deploy to, and what each has to be.
MODES = {"dev": DEVELOPMENT, "staging": PRODUCTION, "prod": PRODUCTION}


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that a bundle needs before it can be delivered.

    Args:
        place: path of keys in ``databricks.yml``.
        problem: what is missing there, and why it matters.
        lines: what to write, as it stands in the file.
    """

    place: str
    problem: str
    lines: tuple[str, ...]


def adoption_of(bundle: Bundle) -> Adoption:
    """Return what the delivery of ``bundle`` depends on."""
    wheels = _wheels(bundle)
    return Adoption(
        build=_build(wheels),
        version=_states_version(bundle.root / "pyproject.toml"),
        principal=_names_principal(bundle),
    )


def _build(wheels: list[Artifact]) -> str | None:
    """Return the command that builds all wheels; None when it is the usual one."""
    commands = [_command(artifact, first=artifact is wheels[0]) for artifact in wheels]
    command = " && ".join(commands)
    if command == WHEEL_BUILD:
        return None
    # bricklane runs the command without a shell.
    return f"sh -c {shlex.quote(command)}" if set(command) & set("&|;<>$`") else command


def _command(artifact: Artifact, *, first: bool = True) -> str:
    """Return the command that leaves the wheel of ``artifact`` in ``dist/`` of the root."""
    if _at_root(artifact):
        return artifact.build.rpartition("||")[2].strip() or WHEEL_BUILD
    clear = " --clear" if first else ""
    return f"uv build --wheel{clear} --out-dir dist {shlex.quote(artifact.path)}"


def _at_root(artifact: Artifact) -> bool:
    return Path(artifact.path) == Path()


def _names_principal(bundle: Bundle) -> bool:
    """Return whether a variable names the service principal, now or once nothing is lacking."""
    production = [bundle.targets.get(name) for name, mode in MODES.items() if mode == PRODUCTION]
    return "service_principal" in bundle.variables or not all(
        target and target.run_as and target.root_path for target in production
    )


def lacks(bundle: Bundle) -> list[Lack]:
    """Return what ``bundle`` lacks, in the order of its file."""
    found = [lack for name, mode in MODES.items() for lack in _target_lacks(bundle, name, mode)]
    if any("service_principal" in "".join(lack.lines) for lack in found):
        found[:0] = _variable_lack(bundle)
    return [*(lack for artifact in _wheels(bundle) for lack in _artifact_lacks(artifact)), *found]


def _wheels(bundle: Bundle) -> list[Artifact]:
    return [artifact for artifact in bundle.artifacts.values() if artifact.kind == "whl"]


def _states_version(file: Path) -> bool:
    try:
        project = tomllib.loads(file.read_text("utf-8")).get("project", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    return isinstance(project, dict) and isinstance(project.get("version"), str)


def _variable_lack(bundle: Bundle) -> Iterator[Lack]:
    if "service_principal" not in bundle.variables:
        yield Lack(
            "variables",
            "nothing names the service principal of a target; workflows give it as "
            "BUNDLE_VAR_service_principal",
            (
                "variables:",
                "  service_principal:",
                "    description: Application id of the service principal of the target",
                "    default: nobody",
            ),
        )


def _target_lacks(bundle: Bundle, name: str, mode: str) -> Iterator[Lack]:
    target = bundle.targets.get(name)
    if target is None:
        yield Lack(
            f"targets/{name}",
            f"there is no target {name}, which branches deploy to",
            ("targets:", f"  {name}:", f"    mode: {mode}", *_mode_lines(mode)),
        )
        return
    if target.mode != mode:
        yield Lack(
            f"targets/{name}/mode",
            f"expected {mode}, found {target.mode or 'nothing'}",
            ("targets:", f"  {name}:", f"    mode: {mode}"),
        )
    if mode == PRODUCTION:
        yield from _production_lacks(target)


def _mode_lines(mode: str) -> tuple[str, ...]:
    if mode != PRODUCTION:
        return ("    default: true",)
    return (
        "    workspace:",
        f"      root_path: {ROOT_PATH}",
        "    run_as:",
        f"      service_principal_name: {PRINCIPAL}",
    )


def _production_lacks(target: BundleTarget) -> Iterator[Lack]:
    if not target.root_path:
        yield Lack(
            f"targets/{target.name}/workspace/root_path",
            "each identity that deploys would make a copy of its own",
            ("targets:", f"  {target.name}:", "    workspace:", f"      root_path: {ROOT_PATH}"),
        )
    if not target.run_as:
        yield Lack(
            f"targets/{target.name}/run_as",
            f"jobs run as {target.run_as_user}, a person; write in place of user_name"
            if target.run_as_user
            else "jobs would run as whoever deployed last",
            (
                "targets:",
                f"  {target.name}:",
                "    run_as:",
                f"      service_principal_name: {PRINCIPAL}",
            ),
        )


def _artifact_lacks(artifact: Artifact) -> Iterator[Lack]:
    guarded = f'    build: test -n "${GUARD}" || {_command(artifact)}'
    if not _at_root(artifact):
        yield Lack(
            f"artifacts/{artifact.name}/path",
            f"the wheel is built in {artifact.path}; bricklane builds it once, from the root into "
            "dist/, so jobs have to name it there, such as ../dist/*.whl",
            ("artifacts:", f"  {artifact.name}:", "    path: .", guarded),
        )
    elif GUARD not in artifact.build:
        yield Lack(
            f"artifacts/{artifact.name}/build",
            "each target would get a wheel of its own; bricklane builds once and says so by "
            f"{GUARD}",
            ("artifacts:", f"  {artifact.name}:", guarded),
        )
