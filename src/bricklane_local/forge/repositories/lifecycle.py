"""Makes, forks and removes repositories: their records and their git objects.

Source: https://docs.github.com/en/rest/repos/repos
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actions.runs.store import KINDS as ACTIONS_KINDS
from bricklane_local.forge.actors import actor, person
from bricklane_local.forge.errors import ForgeApiError
from bricklane_local.forge.git import objects, trees
from bricklane_local.forge.git.model import FORGE, HEADS, RefChange

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller, User

# Kinds of documents that belong to a repository; the keys of all begin with its id and a slash.
KINDS = (
    "forge_asset",
    "forge_branch_policy",
    "forge_check",
    "forge_collaborator",
    "forge_comment",
    "forge_delivery",
    "forge_deployment",
    "forge_deployment_status",
    "forge_environment",
    "forge_hook",
    "forge_id_token_request",
    "forge_issue",
    "forge_label",
    "forge_merge",
    "forge_oidc_template",
    "forge_protection",
    "forge_pull_commit",
    "forge_release",
    "forge_review",
    "forge_ruleset",
    "forge_secret",
    "forge_status",
    "forge_variable",
    *ACTIONS_KINDS,
)


async def create(
    forge: Forge, caller: Caller, owner: User, name: str, *, auto_init: bool, **settings: Any
) -> Repository:
    """Make a repository.

    Args:
        forge: the state.
        caller: who makes it.
        owner: user or organisation.
        name: of the repository.
        auto_init: whether to make a first commit with a README.
        settings: further fields of the record.

    Raises:
        ForgeApiError: 422 when the name is taken, 403 when the owner is somebody else.
    """
    _check_owner(forge, caller, owner)
    with forge.transaction():
        repository = forge.repositories.create(owner, name, **settings)
        forge.issues.labels.add_defaults(repository)
    try:
        bare = await forge.git.create(repository.id, repository.default_branch)
    except BaseException:
        forge.repositories.delete(repository)
        raise
    if auto_init:
        text = f"# {repository.name}\n{repository.description}".rstrip() + "\n"
        blob = await objects.write_blob(bare, text.encode())
        tree = await trees.build(bare, None, [trees.Entry("README.md", "100644", blob)])
        author = person(caller.user)
        commit = await objects.write_commit(bare, tree, (), "Initial commit\n", author, FORGE)
        change = RefChange(HEADS + repository.default_branch, None, commit)
        await forge.git.change_refs(repository.id, actor(caller), [change])
    return repository


async def fork(
    forge: Forge, caller: Caller, source: Repository, owner: User, name: str
) -> Repository:
    """Make a fork, or return the one that the owner has already."""
    _check_owner(forge, caller, owner)
    for present in forge.repositories.all(owner.login):
        if present.fork_of == source.id:
            return present
    if owner.login.lower() == source.owner.lower():
        raise ForgeApiError(403, "You cannot fork your own repository.")
    with forge.transaction():
        repository = forge.repositories.create(
            owner,
            name or source.name,
            private=source.private,
            default_branch=source.default_branch,
            description=source.description,
            fork_of=source.id,
            has_issues=False,
        )
        forge.issues.labels.add_defaults(repository)
    try:
        await forge.git.fork(source.id, repository.id, repository.default_branch)
    except BaseException:
        forge.repositories.delete(repository)
        raise
    return repository


async def delete(forge: Forge, repository: Repository) -> None:
    """Remove a repository with all that belongs to it."""
    with forge.transaction():
        forge.repositories.delete(repository)
        prefix = f"{repository.id}/"
        for kind in KINDS:
            for key in forge.space.keys_under(kind, prefix):
                forge.space.delete(kind, key)
    await forge.git.delete(repository.id)


async def mend(forge: Forge) -> None:
    """Bring records and git folders together that a death of the server left apart.

    A repository whose making was cut short becomes an empty one, a fork's is copied again; the
    folder of one whose deletion was cut short goes. To be called once, before serving.
    """
    folders = {bare.id for bare in forge.git.repositories.all()}
    records = {repository.id: repository for repository in forge.repositories.all()}
    for number in folders - records.keys():
        await forge.git.delete(number)
    for number in records.keys() - folders:
        repository = records[number]
        if repository.fork_of in folders:
            await forge.git.fork(repository.fork_of, number, repository.default_branch)
        else:
            await forge.git.create(number, repository.default_branch)


def _check_owner(forge: Forge, caller: Caller, owner: User) -> None:
    own = owner.login == caller.user.login or caller.user.site_admin
    if not own and not forge.repositories.is_member(owner.login, caller.user):
        raise ForgeApiError(
            403, f"You do not have permission to create repositories for {owner.login}."
        )
