"""Folders of packages that lie over the runtime's own environment on a run's module path.

An overlay holds only what the base lacks. It is made with the base's versions as constraints; where
those leave no solution, without them: such an overlay is *cold*, because it replaces packages that
a preloaded worker already imported, and its runs start a fresh interpreter.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from bricklane_local.compute.environments.base import BaseEnvironment
from bricklane_local.compute.environments.errors import EnvironmentFailure
from bricklane_local.compute.environments.requirements import Requirements, read
from bricklane_local.compute.environments.resolver import NO_SOLUTION, Answer, Resolver
from bricklane_local.files import write_atomically

# Changes when overlays of the same dependencies are made in another way.
LAYOUT = "1"
MANIFEST = "overlay.json"
SITE = "site"
DRAFT = ".draft-"
# https://docs.databricks.com/en/compute/serverless/dependencies.html: installing PySpark, or what
# brings it, ends the session.
SPARK_PACKAGES = frozenset({"pyspark", "pyspark-client", "pyspark-connect", "databricks-connect"})


@dataclass(frozen=True, slots=True)
class Overlay:
    """Packages for a run.

    Args:
        path: folder for the front of the module path; None when the base has all of it already.
        digest: of everything that the content depends on.
        cold: it replaces packages of the base, so that the run needs a fresh interpreter.
        packages: names and versions of what is in it.
    """

    path: Path | None
    digest: str
    cold: bool
    packages: tuple[str, ...]


@dataclass(slots=True)
class _Turn:
    """Lets one caller at a time make an overlay.

    Args:
        waiting: how many callers hold or want it.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Environments:
    """Makes overlays and keeps them; one server uses the folder at a time.

    Args:
        python: interpreter of the runtime's virtual environment.
        folder: of all overlays, made when absent.
        uv: the uv program; by default that of the ``uv`` package.
    """

    def __init__(self, python: Path, folder: Path, uv: Path | None = None) -> None:
        self._root = folder
        self._base = BaseEnvironment(python)
        self._resolver = Resolver(uv or _packaged_uv(), python)
        self._turns: dict[str, _Turn] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in folder.glob(f"{DRAFT}*"):  # by a server that was killed
            shutil.rmtree(left, ignore_errors=True)

    async def resolve(
        self,
        dependencies: Sequence[str],
        roots: Mapping[str, Path] | None = None,
        *,
        alone: bool = False,
    ) -> Overlay:
        """Return the overlay with the packages of a job environment; without network when known.

        Args:
            dependencies: lines of a pip requirements file: requirements, paths, ``-r`` and so on.
            roots: path prefixes as jobs write them (``/Workspace``), to the local folders.
            alone: for a program in a process of its own, which imports nothing of the runtime: its
                versions are nobody else's business.

        Raises:
            EnvironmentFailure: they cannot be read, resolved or installed; with uv's reason.
        """
        requirements = await asyncio.to_thread(read, dependencies, roots or {})
        digest = await asyncio.to_thread(self._digest, requirements, alone=alone)
        if not requirements.lines:
            return Overlay(None, digest, False, ())
        async with self._turn(digest):
            if not (self._root / digest / MANIFEST).is_file():
                await self._make(requirements, digest, alone=alone)
        return self._load(digest)

    def _digest(self, requirements: Requirements, *, alone: bool) -> str:
        layout = f"{LAYOUT} alone" if alone else LAYOUT
        document = json.dumps([layout, self._base.identity, requirements.identity])
        return hashlib.sha256(document.encode()).hexdigest()[:32]

    @contextlib.asynccontextmanager
    async def _turn(self, digest: str) -> AsyncIterator[None]:
        turn = self._turns.setdefault(digest, _Turn())
        turn.waiting += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                self._turns.pop(digest, None)

    def _load(self, digest: str) -> Overlay:
        folder = self._root / digest
        manifest = json.loads((folder / MANIFEST).read_bytes())
        packages = tuple(manifest["packages"])
        return Overlay(folder / SITE if packages else None, digest, manifest["cold"], packages)

    async def _make(self, requirements: Requirements, digest: str, *, alone: bool) -> None:
        draft = Path(tempfile.mkdtemp(dir=self._root, prefix=DRAFT))
        try:
            await self._fill(draft, requirements, alone=alone)
            with contextlib.suppress(OSError):  # another server was faster: its overlay is as good
                draft.rename(self._root / digest)
            if not (self._root / digest / MANIFEST).is_file():
                raise EnvironmentFailure(f"The environment folder {self._root} cannot be written")
        finally:
            await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)

    async def _fill(self, draft: Path, requirements: Requirements, *, alone: bool) -> None:
        site = draft / SITE
        site.mkdir()
        self._refuse_another_spark(requirements.lines)
        cold = await self._pin(draft, requirements, alone=alone)
        lines = self._lacking(draft / "requirements.txt")
        if any(not line.startswith("-") or line.startswith("-e ") for line in lines):
            chosen = draft / "chosen.txt"
            write_atomically(chosen, _text(lines))
            answer = await self._resolver.run(self._resolver.install_arguments(chosen, site), draft)
            self._check(answer, draft, requirements)
            for distribution in distributions(path=[str(site)]):
                self._check_demands(distribution)
        for path in draft.glob("*.[it]*"):
            path.unlink()  # their index addresses may hold passwords
        write_atomically(
            draft / MANIFEST, json.dumps({"cold": cold, "packages": packages_in(site)}).encode()
        )

    async def _pin(self, draft: Path, requirements: Requirements, *, alone: bool) -> bool:
        """Resolve into ``requirements.txt`` and return whether the base had to give way."""
        answer = await self._compile(draft, requirements, self._base.pins())
        if answer.status != NO_SOLUTION:
            self._check(answer, draft, requirements)
            return False
        demands = [] if alone else self._base.demands()
        answer = await self._compile(draft, requirements, demands)
        self._check(answer, draft, requirements)
        return True

    async def _compile(
        self, draft: Path, requirements: Requirements, constraints: list[str]
    ) -> Answer:
        write_atomically(draft / "requirements.in", _text(requirements.lines))
        write_atomically(
            draft / "constraints.txt", _text([*constraints, *requirements.constraints])
        )
        # uv would unpack and build all of Spark to learn what it needs, which is there already.
        write_atomically(
            draft / "excludes.txt", _text(sorted(SPARK_PACKAGES & {*self._base.versions}))
        )
        # Versions named in the output file are kept where possible: an overlay stays small.
        write_atomically(draft / "requirements.txt", _text(self._base.pins()))
        return await self._resolver.run(self._resolver.compile_arguments(draft), draft)

    def _check(self, answer: Answer, draft: Path, requirements: Requirements) -> None:
        if answer.status:
            reason = requirements.presentable(answer.reason).replace(f"{draft}/", "")
            raise EnvironmentFailure(f"The environment cannot be installed: {reason}")

    def _refuse_another_spark(self, lines: Sequence[str]) -> None:
        for line in lines:
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue  # an option, or a path
            if canonicalize_name(requirement.name) in SPARK_PACKAGES and not self._has(requirement):
                raise _another_spark(line)

    def _has(self, requirement: Requirement) -> bool:
        version = self._base.versions.get(canonicalize_name(requirement.name))
        if version is None or requirement.url:
            return False
        return requirement.specifier.contains(version, prereleases=True)

    def _check_demands(self, distribution: Distribution) -> None:
        """Check what uv did not: it takes a wheel given by path for any Python and any Spark."""
        name = f"{distribution.metadata['Name']} {distribution.version}"
        wanted = distribution.metadata["Requires-Python"]
        if wanted and not _accepts(wanted, self._base.python_version):
            raise EnvironmentFailure(
                f"The environment cannot be installed: {name} requires Python {wanted}, "
                f"and runs use Python {self._base.python_version}"
            )
        for text in distribution.requires or []:
            requirement = Requirement(text)
            package = canonicalize_name(requirement.name)
            applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if applies and package in self._base.versions and package in SPARK_PACKAGES:
                version = self._base.versions[package]
                if not self._has(requirement):
                    raise EnvironmentFailure(
                        f"The environment cannot be installed: {name} requires {text}, "
                        f"and runs use {package} {version}"
                    )

    def _lacking(self, pinned: Path) -> list[str]:
        """Return the resolved lines that the base does not already satisfy."""
        lines = []
        for line in pinned.read_text(encoding="utf-8").splitlines():
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                lines.append(line)  # an option, or a path
                continue
            name = canonicalize_name(requirement.name)
            if self._has(requirement):
                continue
            if name in SPARK_PACKAGES:
                raise _another_spark(line)
            lines.append(line)
        return lines


def _another_spark(line: str) -> EnvironmentFailure:
    return EnvironmentFailure(
        f"The environment cannot be installed: it brings {line}, and runs use the Spark of the "
        "workspace; leave PySpark and what installs it out"
    )


def packages_in(site: Path) -> list[str]:
    """Return name and version of every package in a folder."""
    found = distributions(path=[str(site)])
    return sorted(f"{item.metadata['Name']}=={item.version}" for item in found)


def _packaged_uv() -> Path:
    from uv import find_uv_bin

    return Path(find_uv_bin())


def _text(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _accepts(wanted: str, version: str) -> bool:
    try:
        return SpecifierSet(wanted).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True
