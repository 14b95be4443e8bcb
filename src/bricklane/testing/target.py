"""The target that tests run against: what its bundle says, its workspace, and what is deployed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.suggestions import suggestion
from bricklane.testing.variables import SUMMARY, TARGET

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from bricklane.project.bundlefile import Bundle, BundleTarget

VARIABLE_PREFIX = "BUNDLE_VAR_"
CATALOG = "catalog"


@dataclass(frozen=True, slots=True)
class Target:
    """A target of the bundle.

    Args:
        name: its key in ``databricks.yml``.
        host: URL of its workspace, when the bundle, the environment or a profile says it.
        mode: ``development``, ``production`` or empty.
        variables: the bundle's variables that have a value without asking the workspace.
        bundle: the bundle's file and what it says.
        declared: the target as the file declares it.
    """

    name: str
    host: str
    mode: str
    variables: Mapping[str, str]
    bundle: Bundle = field(repr=False)
    declared: BundleTarget = field(repr=False)

    @property
    def catalog(self) -> str:
        """The catalog of the target: the value of the variable ``catalog``; may be empty."""
        return self.variables.get(CATALOG, "")


@dataclass(frozen=True, slots=True)
class DeployedResource:
    """A deployed resource.

    Args:
        kind: such as ``jobs``.
        key: its key in the bundle.
        id: the workspace's.
        name: how the workspace shows it; in development mode with the prefix of its owner.
        url: its page; empty when it has none.
        settings: all that the bundle says of it, resolved.
    """

    kind: str
    key: str
    id: str
    name: str
    url: str
    settings: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Deployed:
    """The bundle as it is deployed to the target.

    Args:
        target: where.
        resources: kind → key → resource; only those that are deployed.
        variables: name → value, resolved.
        files: the folder of the workspace with the bundle's files.
        user: who the Databricks CLI is in the workspace.
    """

    target: Target
    resources: Mapping[str, Mapping[str, DeployedResource]]
    variables: Mapping[str, str]
    files: str
    user: str

    @property
    def jobs(self) -> Mapping[str, DeployedResource]:
        """The deployed jobs by key."""
        return self.resources.get("jobs", {})

    def resource(self, kind: str, key: str) -> DeployedResource:
        """Return a deployed resource, such as the job ``daily``: ``resource("jobs", "daily")``.

        Raises:
            BricklaneError: when there is none; the hint names one that is near.
        """
        found = self.resources.get(kind, {})
        if key in found:
            return found[key]
        known = found or self.resources
        what = f"{kind} {key!r} is" if self.resources.get(kind) else f"no {kind} are"
        raise BricklaneError(
            f"{what} not deployed to target {self.target.name}"
            if found
            else f"{what} deployed to target {self.target.name}, so not {key!r}",
            hint=(suggestion(key if found else kind, known) + "\n" if known else "")
            + f"deploy first: bricklane deploy -t {self.target.name}",
            exit_code=ExitCode.CONFIG,
        )

    def variable(self, name: str) -> str:
        """Return the value of a variable of the bundle.

        Raises:
            BricklaneError: when the bundle has no such variable.
        """
        if name not in self.variables:
            raise BricklaneError(
                f"the bundle {self.target.bundle.name} has no variable {name!r}",
                hint=suggestion(name, self.variables) if self.variables else None,
                exit_code=ExitCode.CONFIG,
            )
        return self.variables[name]


def find_target(root: Path, option: str | None, environment: Mapping[str, str]) -> Target:
    """Return the target that tests run against.

    It is the one that the option names, else the variable, else the bundle's default one, else its
    only one.

    Args:
        root: where the bundle is looked for, and above it.
        option: the value of ``--target``.
        environment: of this process.

    Raises:
        BricklaneError: when there is no bundle, or no such target.
    """
    from bricklane.project.bundlefile import find_bundle, read_bundle

    bundle = read_bundle(find_bundle(root))
    name = option or environment.get(TARGET) or _default(bundle)
    if name not in bundle.targets:
        known = ", ".join(bundle.targets)
        raise BricklaneError(
            f"{bundle.file}: there is no target {name!r}"
            if name
            else f"{bundle.file}: no target is the default, and none was named",
            hint=f"the bundle has: {known}" if known else "add `targets:`",
            exit_code=ExitCode.CONFIG,
        )
    declared = bundle.targets[name]
    variables = {
        **bundle.defaults,
        **declared.variables,
        **{
            key.removeprefix(VARIABLE_PREFIX): value
            for key, value in environment.items()
            if key.startswith(VARIABLE_PREFIX)
        },
    }
    known_values = {key: value for key, value in variables.items() if "${" not in value}
    host = environment.get("DATABRICKS_HOST") or declared.host
    target = Target(name, host, declared.mode, known_values, bundle, declared)
    return replace(target, host=host or _profile_host(declared, environment))


def _default(bundle: Bundle) -> str:
    chosen = [name for name, target in bundle.targets.items() if target.default]
    return (chosen or [*bundle.targets, ""])[0] if chosen or len(bundle.targets) == 1 else ""


def _profile_host(declared: BundleTarget, environment: Mapping[str, str]) -> str:
    import configparser

    from bricklane.bundle.access import CONFIG_FILE, PROFILE, access_environment

    chosen = access_environment(declared, environment).get(PROFILE)
    profile = chosen or environment.get(PROFILE) or declared.profile
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read(Path(environment.get(CONFIG_FILE) or "~/.databrickscfg").expanduser(), "utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return ""  # The SDK reads it again, and says what is wrong with it.
    return config.get(profile, "host", fallback="") if profile else ""


def workspace_client(target: Target, environment: Mapping[str, str]) -> WorkspaceClient:
    """Return a client of the target's workspace.

    What the environment says wins over ``databricks.yml``, as it does for the Databricks CLI.

    Raises:
        BricklaneError: when there is nothing to authenticate with.
    """
    from databricks.sdk import WorkspaceClient

    from bricklane.bundle.access import HOST, PROFILE, access_environment

    chosen: dict[str, Any] = {}
    profile = access_environment(target.declared, environment).get(PROFILE)
    if profile or (target.declared.profile and not environment.get(PROFILE)):
        chosen["profile"] = profile or target.declared.profile
    if target.declared.host and not environment.get(HOST) and not environment.get(PROFILE):
        chosen["host"] = target.declared.host
    try:
        return WorkspaceClient(product="bricklane-tests", product_version="0.1.0", **chosen)
    except ValueError as error:
        raise BricklaneError(
            f"the workspace of target {target.name} cannot be entered: {_first_line(error)}",
            hint="set DATABRICKS_CONFIG_PROFILE, or DATABRICKS_HOST and what authenticates there\n"
            "for the local cloud: bricklane local up, then export what it prints",
            exit_code=ExitCode.CONFIG,
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def find_deployed(target: Target, environment: Mapping[str, str]) -> Deployed:
    """Return what is deployed to the target.

    ``bricklane deploy`` and ``bricklane test`` hand it over in a file; without it the Databricks
    CLI is asked.

    Raises:
        BricklaneError: when the file cannot be read, or with what the CLI said.
    """
    handed = environment.get(SUMMARY)
    if not handed:
        from bricklane.bundle.cli import open_bundle, summary

        bundle = open_bundle(target.bundle.root, target.declared, environment)
        return read_deployed(target, json.loads(summary(bundle).text))
    try:
        document = json.loads(Path(handed).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BricklaneError(
            f"{SUMMARY}: {handed} cannot be read as JSON: {_first_line(error)}",
            hint=f"databricks bundle summary -t {target.name} -o json > FILE",
            exit_code=ExitCode.CONFIG,
        ) from None
    return read_deployed(target, document)


def read_deployed(target: Target, document: Any) -> Deployed:
    """Return what ``databricks bundle summary -o json`` says."""
    workspace = _table(document, "workspace")
    resources = {
        str(kind): {
            str(key): _resource(str(kind), str(key), entry)
            for key, entry in entries.items()
            if isinstance(entry, dict) and entry.get("id")
        }
        for kind, entries in _table(document, "resources").items()
        if isinstance(entries, dict)
    }
    return Deployed(
        target,
        {kind: entries for kind, entries in resources.items() if entries},
        {
            str(name): _text(entry.get("value", entry.get("default")))
            for name, entry in _table(document, "variables").items()
            if isinstance(entry, dict)
        },
        str(workspace.get("file_path") or ""),
        str(_table(workspace, "current_user").get("userName") or ""),
    )


def _resource(kind: str, key: str, entry: Mapping[str, Any]) -> DeployedResource:
    name = str(entry.get("name") or entry.get("display_name") or "")
    return DeployedResource(kind, key, str(entry["id"]), name, str(entry.get("url") or ""), entry)


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


def _table(document: Any, key: str) -> Mapping[str, Any]:
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, dict) else {}
