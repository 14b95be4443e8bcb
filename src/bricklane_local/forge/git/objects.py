"""Reads and writes git's objects: commits, trees, blobs and annotated tags."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence

from bricklane_local.forge.git import trees
from bricklane_local.forge.git.bare import Bare
from bricklane_local.forge.git.failures import BadName, MissingObject
from bricklane_local.forge.git.model import CommitData, Person, TagData, TreeEntry
from bricklane_local.forge.git.names import is_sha
from bricklane_local.forge.git.reading import Found
from bricklane_local.forge.git.storing import store

PERSON = re.compile(r"(.*?) ?<(.*)> (-?\d+) ([+-]\d{4})")


async def read_many(bare: Bare, names: Iterable[str], kind: str) -> list[Found]:
    """Return objects of one kind, in the order asked for.

    Raises:
        MissingObject: when one is not there, or of another kind.
    """
    wanted = list(names)
    if not wanted:
        return []
    for name in wanted:
        if not is_sha(name):
            raise BadName(f"{name!r} is not the name of an object")
    found = []
    for name, item in zip(wanted, await bare.ask(wanted, contents=True), strict=True):
        if item is None or item.kind != kind:
            raise MissingObject(f"there is no {kind} {name}")
        found.append(item)
    return found


async def read(bare: Bare, sha: str, kind: str) -> bytes:
    """Return one object's bytes; see :func:`read_many`."""
    (found,) = await read_many(bare, [sha], kind)
    return found.content


def parse_commit(sha: str, content: bytes) -> CommitData:
    """Return the commit that ``content`` says; headers that nobody knows are passed over."""
    head, _, message = content.partition(b"\n\n")
    fields = _headers(head)
    encoding = fields.get(b"encoding", [b"utf-8"])[0].decode("ascii", "replace")
    signature = fields.get(b"gpgsig", [b""])[0]
    signed = _without_signature(head) + b"\n\n" + message if signature else b""
    return CommitData(
        sha=sha,
        tree=fields[b"tree"][0].decode(),
        parents=tuple(parent.decode() for parent in fields.get(b"parent", [])),
        author=_person(fields[b"author"][0], encoding),
        committer=_person(fields[b"committer"][0], encoding),
        message=_text(message, encoding).rstrip("\n"),
        signature=_text(signature, "utf-8"),
        signed=_text(signed, encoding),
    )


def parse_tag(sha: str, content: bytes) -> TagData:
    """Return the annotated tag that ``content`` says."""
    head, _, message = content.partition(b"\n\n")
    fields = _headers(head)
    tagger = fields.get(b"tagger")
    return TagData(
        sha=sha,
        target=fields[b"object"][0].decode(),
        kind=fields[b"type"][0].decode(),
        name=_text(fields[b"tag"][0], "utf-8"),
        tagger=_person(tagger[0], "utf-8") if tagger else None,
        message=_text(message, "utf-8").rstrip("\n"),
    )


def _headers(head: bytes) -> dict[bytes, list[bytes]]:
    fields: dict[bytes, list[bytes]] = {}
    last: list[bytes] = []
    for line in head.split(b"\n"):
        if line.startswith(b" ") and last:
            last[-1] += b"\n" + line[1:]
        else:
            name, _, value = line.partition(b" ")
            last = fields.setdefault(name, [])
            last.append(value)
    return fields


def _without_signature(head: bytes) -> bytes:
    kept, inside = [], False
    for line in head.split(b"\n"):
        inside = line.startswith(b"gpgsig ") or (inside and line.startswith(b" "))
        if not inside:
            kept.append(line)
    return b"\n".join(kept)


def _text(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _person(content: bytes, encoding: str) -> Person:
    found = PERSON.fullmatch(_text(content, encoding))
    if found is None:
        return Person(_text(content, encoding), "", 0)
    name, email, seconds, zone = found.groups()
    # Git keeps whatever moment a commit names; what no calendar holds is shown as the epoch.
    when = int(seconds) if abs(int(seconds)) < 1 << 36 else 0
    minutes = min(int(zone[1:3]) * 60 + int(zone[3:]), 1439)
    return Person(name, email, when, -minutes if zone[0] == "-" else minutes)


def signed(person: Person) -> str:
    """Return ``person`` as a header of commits and tags has it.

    Characters that git cannot hold in names are left out, as git leaves them out.
    """
    name = _clean(person.name) or _clean(person.email) or "unknown"
    when = int(time.time()) if person.when is None else person.when
    sign, minutes = ("-" if person.offset < 0 else "+"), abs(person.offset)
    email = _clean(person.email) or "unknown"
    return f"{name} <{email}> {when} {sign}{minutes // 60:02}{minutes % 60:02}"


def _clean(text: str) -> str:
    return re.sub(r"[\x00-\x1f<>]", "", text).strip(" .,:;\"'\\")


async def write_commit(
    bare: Bare,
    tree: str,
    parents: Sequence[str],
    message: str,
    author: Person,
    committer: Person,
) -> str:
    """Store a commit and return its name.

    Raises:
        MissingObject: when the tree or a parent is not there.
    """
    await _require(bare, [(tree, "tree"), *((parent, "commit") for parent in parents)])
    head = [f"tree {tree}", *(f"parent {parent}" for parent in dict.fromkeys(parents))]
    head += [f"author {signed(author)}", f"committer {signed(committer)}"]
    return await store(bare, "commit", _storable(head, message))


async def write_tag(
    bare: Bare, name: str, target: str, kind: str, message: str, tagger: Person
) -> str:
    """Store an annotated tag's object and return its name; no ref is made.

    Raises:
        MissingObject: when the target is not there, or of another kind.
    """
    await _require(bare, [(target, kind)])
    head = [f"object {target}", f"type {kind}", f"tag {name}", f"tagger {signed(tagger)}"]
    return await store(bare, "tag", _storable(head, message))


async def write_blob(bare: Bare, content: bytes) -> str:
    """Store a file's content and return its name."""
    return await store(bare, "blob", content)


async def tree(bare: Bare, sha: str, *, recursive: bool = False, path: str = "") -> list[TreeEntry]:
    """Return what a tree holds, with the sizes of files.

    Args:
        bare: the repository.
        sha: a tree or commit.
        recursive: whether to descend; folders are listed too.
        path: only this entry, or with a slash at its end what is in that folder.

    Raises:
        MissingObject: when the tree is not there; what is not in it gives an empty list.
    """
    if not path:
        rows = await (trees.everything(bare, sha) if recursive else trees.listing(bare, sha))
        return await trees.sized(bare, rows)
    entry = await trees.entry_at(bare, sha, path.rstrip("/"))
    if entry is None or (path.endswith("/") and entry.kind != "tree"):
        return []
    rows = await trees.listing(bare, entry.sha, entry.path) if path.endswith("/") else [entry]
    return await trees.sized(bare, rows)


async def _require(bare: Bare, wanted: Sequence[tuple[str, str]]) -> None:
    for sha, kind in wanted:
        if not is_sha(sha):
            raise MissingObject(f"{sha!r} is not the name of a {kind}")
    answers = await bare.ask([sha for sha, _ in wanted])
    for (sha, kind), answer in zip(wanted, answers, strict=True):
        if answer is None or answer.kind != kind:
            raise MissingObject(f"there is no {kind} {sha}")


def _storable(head: Sequence[str], message: str) -> bytes:
    # A commit ends at its first NUL for git; lone surrogates have no bytes at all.
    text = message.replace("\0", "")
    lines = "\n".join([*head, "", text if text.endswith("\n") else f"{text}\n"])
    return lines.encode("utf-8", "replace")
