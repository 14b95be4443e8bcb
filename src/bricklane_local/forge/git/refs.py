"""Reads refs, and finds what a name stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bricklane_local.forge.git.bare import Bare
from bricklane_local.forge.git.failures import MissingObject
from bricklane_local.forge.git.model import HEADS, TAGS, RefChange
from bricklane_local.forge.git.names import candidates, check_ref, is_ref


@dataclass(frozen=True, slots=True)
class Ref:
    """A ref and what it points at.

    Args:
        name: full name.
        sha: of the object.
        kind: of that object: ``commit``, ``tag``, ``tree`` or ``blob``.
        peeled: of an annotated tag, the object behind it; else ``sha``.
    """

    name: str
    sha: str
    kind: str
    peeled: str


async def listing(bare: Bare, *prefixes: str) -> list[Ref]:
    """Return refs in the order of their names.

    Args:
        bare: the repository.
        prefixes: of full names, ending at a slash or whole; none for all refs.
    """
    form = "%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)"
    result = await bare.git("for-each-ref", f"--format={form}", "--", *prefixes)
    rows = (line.split("\0") for line in result.lines)
    return [Ref(name, sha, kind, peeled or sha) for name, sha, kind, peeled in rows]


async def values(bare: Bare, *prefixes: str) -> dict[str, str]:
    """Return the object that each ref points at, by full name."""
    return {ref.name: ref.sha for ref in await listing(bare, *prefixes)}


async def branches(bare: Bare) -> dict[str, str]:
    """Return each branch's commit, by the branch's name."""
    found = await values(bare, HEADS)
    return {name.removeprefix(HEADS): sha for name, sha in found.items()}


async def tags(bare: Bare) -> dict[str, Ref]:
    """Return the tags, by name."""
    return {ref.name.removeprefix(TAGS): ref for ref in await listing(bare, TAGS)}


async def read(bare: Bare, names: Iterable[str]) -> dict[str, str | None]:
    """Return the objects that these refs point at, None for those that are not there.

    Raises:
        BadName: when a name is no full ref name.
    """
    wanted = [check_ref(name) for name in names]
    answers = await bare.ask(wanted)
    # Git would also look for refs/heads/refs/…; such names are refused when they are made.
    return {
        name: None if answer is None else answer.sha
        for name, answer in zip(wanted, answers, strict=True)
    }


async def get(bare: Bare, name: str) -> Ref | None:
    """Return one ref by its full name, or None; ``peeled`` is ``sha``."""
    if not is_ref(name) or not name.startswith("refs/"):
        return None
    (answer,) = await bare.ask([name])
    return None if answer is None else Ref(name, answer.sha, answer.kind, answer.sha)


async def branch(bare: Bare, name: str) -> str | None:
    """Return a branch's commit, or None when there is no such branch."""
    found = await get(bare, HEADS + name)
    return None if found is None else found.sha


async def find(bare: Bare, name: str, kind: str = "commit") -> str | None:
    """Return the object that ``name`` stands for, or None.

    Args:
        bare: the repository.
        name: a branch, tag, ref or (shortened) object name; see :func:`candidates`.
        kind: to peel it to: ``commit``, ``tree``, or ``object`` for what it is.
    """
    answers = await bare.ask([f"{item}^{{{kind}}}" for item in candidates(name)])
    return next((answer.sha for answer in answers if answer is not None), None)


async def resolve(bare: Bare, name: str, kind: str = "commit") -> str:
    """Return the object that ``name`` stands for; see :func:`find`.

    Raises:
        MissingObject: when there is none.
    """
    found = await find(bare, name, kind)
    if found is None:
        raise MissingObject(f"No {kind} found for {name}")
    return found


async def kind_of(bare: Bare, sha: str) -> str | None:
    """Return the kind of the object ``sha``, or None when it is not there."""
    (answer,) = await bare.ask([sha])
    return None if answer is None else answer.kind


async def set_head(bare: Bare, branch: str) -> None:
    """Make ``branch`` the one that a clone checks out; it need not exist yet."""
    await bare.git("symbolic-ref", "HEAD", check_ref(HEADS + branch))


async def write(bare: Bare, changes: Iterable[RefChange]) -> None:
    """Change refs, all or none, each only while it still has its old value.

    Raises:
        BadName: when a ref's name is none.
        GitFailure: when one has another value by now, or cannot be made beside the others.
    """
    commands = []
    for change in changes:
        name = check_ref(change.ref)
        if change.after is None:
            commands.append(f"delete {name}\0{change.before}\0")
        elif change.before is None:
            commands.append(f"create {name}\0{change.after}\0")
        else:
            commands.append(f"update {name}\0{change.after}\0{change.before}\0")
    given = "".join(["start\0", *commands, "prepare\0", "commit\0"]).encode()
    await bare.git("update-ref", "--stdin", "-z", given=given)


async def overwrite(bare: Bare, wanted: Mapping[str, str | None]) -> None:
    """Set refs, or delete those with None, whatever they are: for refs that only we write."""
    commands = [
        f"delete {check_ref(ref)}\0\0" if value is None else f"update {check_ref(ref)}\0{value}\0\0"
        for ref, value in wanted.items()
    ]
    await bare.git("update-ref", "--stdin", "-z", given="".join(commands).encode())
