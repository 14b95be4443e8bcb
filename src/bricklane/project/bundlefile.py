"""What delivery knows of a bundle before the Databricks CLI is asked: its name and targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.textfile import read_text

# The names that the Databricks CLI accepts for a bundle's file, in its order.
FILE_NAMES = ("databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml")

# The loader in C reads a bundle of 100 jobs in a tenth of the time.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEVELOPMENT = "development"
PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class BundleTarget:
    """A target of the bundle.

    Args:
        name: its key under ``targets``.
        mode: ``development``, ``production``, or empty when the bundle states none.
        default: whether it is the one meant when no target is named.
        host: URL of its workspace; empty when the environment or a profile says it.
        root_path: where its files go; empty for the CLI's default.
        run_as: application id or variable of the service principal its jobs run as; may be empty.
        run_as_user: login of the person its jobs run as; may be empty.
        profile: of the Databricks config file, when the bundle names one.
        variables: the values that it gives to variables of the bundle, where these are text.
    """

    name: str
    mode: str = ""
    default: bool = False
    host: str = ""
    root_path: str = ""
    run_as: str = ""
    run_as_user: str = ""
    profile: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something that the bundle builds before it deploys.

    Args:
        name: its key under ``artifacts``.
        kind: such as ``whl``; empty when not stated.
        build: the build command; empty for the CLI's default.
        path: folder it is built in, relative to the root.
    """

    name: str
    kind: str = ""
    build: str = ""
    path: str = "."


@dataclass(frozen=True, slots=True)
class Bundle:
    """The bundle's file, and what files it includes say of targets and artifacts.

    Args:
        file: the bundle's own file; its folder is the root.
        name: of the bundle.
        targets: by name, in the order of the files.
        artifacts: by name.
        variables: the names under ``variables``.
        defaults: the values that variables have by default, where these are text or numbers.
        jobs: the keys of its jobs.
        warehouses: names of the SQL warehouses that its variables look up.
    """

    file: Path
    name: str
    targets: Mapping[str, BundleTarget] = field(default_factory=dict)
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    jobs: tuple[str, ...] = ()
    warehouses: tuple[str, ...] = ()

    @property
    def root(self) -> Path:
        """The folder of the bundle's file."""
        return self.file.parent


def find_bundle(start: Path) -> Path:
    """Return the bundle file of the project that ``start`` is in.

    Looks in ``start`` and the folders above it, no further than the root of the git repository.

    Raises:
        BricklaneError: when there is none.
    """
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        for name in FILE_NAMES:
            if (candidate / name).is_file():
                return candidate / name
        if (candidate / ".git").exists():
            break
    raise BricklaneError(
        f"no databricks.yml in {folder} or in a folder above it, up to the root of the repository",
        hint="change into a bundle's folder, or make a project: bricklane new PATH",
        exit_code=ExitCode.CONFIG,
    )


def read_bundle(file: Path) -> Bundle:
    """Read a bundle's file and the files it includes.

    Variables are not resolved: that is the Databricks CLI's part.

    Raises:
        BricklaneError: naming file and line, when a file is no YAML mapping or the bundle has no
            name.
    """
    documents = [_mapping(file)]
    documents += [_mapping(included) for included in _included(file.parent, documents[0])]
    name = _table(documents[0], "bundle").get("name")
    if not isinstance(name, str) or not name:
        raise BricklaneError(
            f"{file}: bundle/name: expected the bundle's name",
            hint="add:\nbundle:\n  name: NAME",
            exit_code=ExitCode.CONFIG,
        )
    return Bundle(
        file=file,
        name=name,
        targets={
            key: _target(key, value, documents[0]) for key, value in _merged(documents, "targets")
        },
        artifacts={key: _artifact(key, value) for key, value in _merged(documents, "artifacts")},
        variables=tuple(key for key, _ in _merged(documents, "variables")),
        defaults={
            key: str(value)
            for key, variable in _merged(documents, "variables")
            if isinstance(value := variable.get("default"), (str, int, float))
            and not isinstance(value, bool)
        },
        jobs=tuple(
            dict.fromkeys(
                key
                for document in documents
                for key in _table(_table(document, "resources"), "jobs")
            )
        ),
        warehouses=tuple(
            str(name)
            for _, variable in _merged(documents, "variables")
            if (name := _table(variable, "lookup").get("warehouse"))
        ),
    )


def _mapping(file: Path) -> dict[str, Any]:
    try:
        content = yaml.load(read_text(file), LOADER)  # noqa: S506  (a safe one)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise BricklaneError(
            f"{file}:{line}: {error.problem or error.context or 'this is not YAML'}",
            exit_code=ExitCode.CONFIG,
        ) from None
    except yaml.YAMLError as error:
        raise BricklaneError(
            f"{file}: cannot be read as YAML: {error}", exit_code=ExitCode.CONFIG
        ) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise BricklaneError(
            f"{file}:1: expected keys such as `bundle:`, found {type(content).__name__}",
            exit_code=ExitCode.CONFIG,
        )
    return content


def sources_of(file: Path) -> tuple[Path, ...]:
    """Return a bundle's own file and those it includes.

    Raises:
        BricklaneError: when the bundle's own file is no YAML mapping.
    """
    return (file, *_included(file.parent, _mapping(file)))


def _included(root: Path, document: Mapping[str, Any]) -> Iterator[Path]:
    patterns = document.get("include")
    for pattern in patterns if isinstance(patterns, list) else ():
        yield from (file for file in sorted(root.glob(str(pattern))) if file.is_file())


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _merged(documents: list[dict[str, Any]], key: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the entries under ``key`` of all documents; a later one adds to an earlier one."""
    merged: dict[str, dict[str, Any]] = {}
    for document in documents:
        for name, value in _table(document, key).items():
            merged.setdefault(str(name), {}).update(value if isinstance(value, dict) else {})
    return list(merged.items())


def _target(name: str, value: Mapping[str, Any], bundle: Mapping[str, Any]) -> BundleTarget:
    """Return a target; what it does not say of its workspace, the bundle may say for all."""
    workspace = {**_table(bundle, "workspace"), **_table(value, "workspace")}
    run_as = _table(value, "run_as") or _table(bundle, "run_as")
    return BundleTarget(
        name=name,
        mode=str(value.get("mode") or ""),
        default=value.get("default") is True,
        host=str(workspace.get("host") or ""),
        root_path=str(workspace.get("root_path") or ""),
        run_as=str(run_as.get("service_principal_name") or ""),
        run_as_user=str(run_as.get("user_name") or ""),
        profile=str(workspace.get("profile") or ""),
        variables={
            key: text for key, text in _table(value, "variables").items() if isinstance(text, str)
        },
    )


def _artifact(name: str, value: Mapping[str, Any]) -> Artifact:
    return Artifact(
        name=name,
        kind=str(value.get("type") or ""),
        build=str(value.get("build") or ""),
        path=str(value.get("path") or "."),
    )
