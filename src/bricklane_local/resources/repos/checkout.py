"""Fetches one commit of a git repository over HTTP."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bricklane_local.app.errors import ApiError, invalid

SECONDS = 120
INHERITED = ("PATH", "TMPDIR", "SSL_CERT_FILE", "https_proxy", "http_proxy", "no_proxy")
# No configuration of the user or the machine, no question to a terminal, no other protocol.
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "http:https",
    "HOME": os.devnull,
    "LC_ALL": "C.UTF-8",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be fetched.

    Args:
        url: of the repository, HTTP or HTTPS, without user name and password.
        reference: branch or tag; "" for the branch that the repository's HEAD names.
        patterns: folders of a sparse checkout; none for all.
        credential: user name and token, or None.
        commit: SHA of the commit instead of a branch or tag.
    """

    url: str
    reference: str = ""
    patterns: tuple[str, ...] = ()
    credential: tuple[str, str] | None = None
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A commit that was fetched.

    Args:
        branch: its branch, "" for a tag.
        commit: its SHA.
        files: path relative to the root → content; symbolic links are left out.
    """

    branch: str
    commit: str
    files: dict[str, bytes]


def check_url(url: str, field: str) -> None:
    """Refuse what is no repository that this can fetch.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE naming the field.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid(f"{field} must be an HTTP or HTTPS address of a git repository, got {url!r}")
    if parts.username or parts.password:
        raise invalid(
            f"{field} must not have user name or password: make a git credential for them"
        )


async def fetch(wanted: Wanted) -> Checkout:
    """Fetch one commit into memory.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when git cannot, with what it says.
    """
    _check(wanted)
    with tempfile.TemporaryDirectory(prefix="bricklane-repo-") as place:
        folder = Path(place) / "repo"
        target = await (_clone_commit if wanted.commit else _clone)(wanted, folder)
        if wanted.patterns:
            await _git(wanted, folder, "sparse-checkout", "set", "--cone", "--", *wanted.patterns)
        await _git(wanted, folder, "checkout", "--quiet", *target)
        branch = await _git(wanted, folder, "branch", "--show-current")
        commit = await _git(wanted, folder, "rev-parse", "HEAD")
        return Checkout(branch, commit, dict(_files(folder)))


async def head_of(wanted: Wanted) -> str:
    """Return the SHA of the commit that shall be fetched.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when git cannot say it.
    """
    _check(wanted)
    if wanted.commit:
        return wanted.commit
    # A tag with a message is an object of its own, which ^{} leads to the commit of.
    names = [f"refs/heads/{wanted.reference}", f"refs/tags/{wanted.reference}"]
    asked = (*names, f"{names[1]}^{{}}") if wanted.reference else ("HEAD",)
    listed = await _git(wanted, Path(tempfile.gettempdir()), "ls-remote", wanted.url, *asked)
    found = {name: commit for commit, name in (line.split("\t") for line in listed.splitlines())}
    for name in (asked[0], *reversed(asked[1:])):
        if name in found:
            return found[name]
    raise invalid(
        f"Cannot fetch {wanted.reference} of {wanted.url}: there is no such branch or tag"
    )


def _check(wanted: Wanted) -> None:
    check_url(wanted.url, "url")
    if wanted.reference.startswith("-"):
        raise invalid(f"{wanted.reference!r} is no branch or tag")
    if wanted.commit and not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", wanted.commit):
        raise invalid(f"{wanted.commit!r} is no full SHA of a commit")


async def _clone(wanted: Wanted, folder: Path) -> tuple[str, ...]:
    """Fetch a branch or tag, and return what to check out."""
    named = ("--branch", wanted.reference) if wanted.reference else ()
    shallow = ("--quiet", "--depth=1", "--no-checkout", "--single-branch", *named)
    await _git(wanted, folder.parent, "clone", *shallow, "--", wanted.url, str(folder))
    return ()


async def _clone_commit(wanted: Wanted, folder: Path) -> tuple[str, ...]:
    """Fetch one commit, and return what to check out; not every server gives out any commit."""
    await _git(wanted, folder.parent, "init", "--quiet", str(folder))
    try:
        shallow = ("--quiet", "--depth=1", wanted.url, wanted.commit)
        await _git(wanted, folder, "fetch", *shallow)
    except ApiError as refusal:
        if refusal.code != "INVALID_PARAMETER_VALUE":
            raise
        everything = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        await _git(wanted, folder, "fetch", "--quiet", wanted.url, *everything)
    return "--detach", wanted.commit


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for root, folders, names in os.walk(folder):
        if Path(root) == folder:
            folders.remove(".git")
        for name in names:
            path = Path(root) / name
            if not path.is_symlink():
                yield path.relative_to(folder).as_posix(), path.read_bytes()


def _environment(wanted: Wanted) -> dict[str, str]:
    """Return git's environment; a token stands there, where only this user can read it."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    variables = {**kept, **ENVIRONMENT}
    if wanted.credential is not None:
        token = base64.b64encode(":".join(wanted.credential).encode()).decode()
        parts = urlsplit(wanted.url)
        variables |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{parts.scheme}://{parts.netloc}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {token}",
        }
    return variables


async def _git(wanted: Wanted, folder: Path, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=folder,
        env=_environment(wanted),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            output, error = await process.communicate()
    except TimeoutError:
        raise ApiError(
            "TEMPORARILY_UNAVAILABLE", f"{wanted.url} was not fetched in {SECONDS} seconds"
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = error.decode(errors="replace").strip().splitlines() or ["git failed"]
        hint = (
            "asked with your git credential of its provider"
            if wanted.credential
            else "a private one needs a git credential of yours"
        )
        what = f"{wanted.commit or wanted.reference or 'HEAD'} of {wanted.url}"
        raise invalid(f"Cannot fetch {what}: {lines[-1]} ({hint})")
    return output.decode().strip()
