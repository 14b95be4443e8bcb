"""ID tokens of workflow jobs: what they say, who gets one, and how their subjects are chosen."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from bricklane_local.errors import LocalError
from bricklane_local.forge.actions.contexts import github_context
from bricklane_local.forge.actions.runs.model import JobRun, Run
from bricklane_local.forge.errors import ForgeApiError
from bricklane_local.forge.forge import Forge
from bricklane_local.forge.oidc.keys import SigningKey
from bricklane_local.forge.oidc.model import Template
from bricklane_local.forge.paths import ForgePaths
from bricklane_local.store.blobs import Blobs
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database
from tests.bricklane_local.forge.desk import Desk

if TYPE_CHECKING:
    from github.Repository import Repository

URL = "http://127.0.0.1:8700"
SHA = "1" * 40
MINUTE = 60_000
CUT_OFF = int(datetime(2026, 7, 15, tzinfo=UTC).timestamp() * 1000)


class Provider:
    """A forge without a server, and a repository whose jobs ask for ID tokens."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.clock = Clock()
        self.forge = self.opened()
        self.repository = self.forge.repositories.create(self.forge.users.owner, "flights")

    def opened(self) -> Forge:
        """Open the forge, as after a start."""
        database = Database(self._folder / "db.sqlite")
        blobs = Blobs(database, self._folder / "blobs")
        paths = ForgePaths(self._folder / "forge", self._folder / "forge.json")
        return Forge(database, blobs, self.clock, paths, URL)

    def created(self, milliseconds: int) -> None:
        """Make the repository again, as if it were another time."""
        self.clock.offset += milliseconds - self.clock.now()
        name = f"flights-{milliseconds}"
        self.repository = self.forge.repositories.create(self.forge.users.owner, name)

    def job(self, environment: str = "") -> JobRun:
        """Return a job of the repository."""
        number = self.forge.next_id()
        return JobRun(
            number, 7, self.repository.id, 1, "a", "a", environment=environment, check=number + 1
        )

    def admitted(self, job: JobRun, event: str = "push", ref: str = "refs/heads/main") -> str:
        """Let a job ask; return its request token."""
        run = Run(
            *(7, self.repository.id, 1, ".github/workflows/ci.yml", "CI", 3, 2, event, "t", ref),
            *(SHA, "main", SHA, self.repository.id, "developer", "developer"),
        )
        payload = {}
        if event == "pull_request":
            payload = {"pull_request": {"base": {"ref": "develop"}, "head": {"ref": "feature/x"}}}
        github = github_context(self.forge, self.repository, run, payload, "a")
        variables = self.forge.oidc.admit(github, job, 10)
        url = variables["ACTIONS_ID_TOKEN_REQUEST_URL"]
        assert url == (f"{URL}/_services/idtoken/{self.repository.id}/{job.id}?api-version=2.0")
        return variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]

    def token(self, job: JobRun, token: str, audience: str = "") -> str:
        """Ask for an ID token."""
        return asyncio.run(self.forge.oidc.id_token(self.repository.id, job.id, token, audience))

    def claims(self, job: JobRun, token: str, audience: str = "") -> dict[str, Any]:
        """Ask for an ID token; return what it says."""
        keys = KeySet.import_key_set(asyncio.run(self.forge.oidc.jwks()))
        return jwt.decode(self.token(job, token, audience), keys, algorithms=["RS256"]).claims

    def subject(self, environment: str = "", **event: str) -> str:
        """Return the subject of a new job's token."""
        job = self.job(environment)
        return str(self.claims(job, self.admitted(job, **event))["sub"])


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    made = Provider(tmp_path)
    yield made
    made.forge.database.close()


def test_what_an_id_token_says(provider: Provider) -> None:
    job = provider.job("prod")
    token = provider.admitted(job)
    before = provider.clock.now() // 1000
    claims = provider.claims(job, token, "https://dbc.example/oidc/v1/token")
    times = {name: claims.pop(name) for name in ("iat", "nbf", "exp")}
    assert before <= times["iat"] <= provider.clock.now() // 1000
    assert (times["exp"] - times["iat"], times["iat"] - times["nbf"]) == (300, 600)
    assert claims.pop("jti") != provider.claims(job, token).pop("jti")
    owner, number = provider.forge.users.owner, str(provider.repository.id)
    workflow = "developer/flights/.github/workflows/ci.yml@refs/heads/main"
    assert claims == {
        "iss": f"{URL}/_services/token",
        "aud": "https://dbc.example/oidc/v1/token",
        "sub": f"repo:developer@{owner.id}/flights@{number}:environment:prod",
        "actor": "developer",
        "actor_id": str(owner.id),
        "base_ref": "",
        "check_run_id": str(job.check),
        "environment": "prod",
        "event_name": "push",
        "head_ref": "",
        "job_workflow_ref": workflow,
        "job_workflow_sha": SHA,
        "ref": "refs/heads/main",
        "ref_protected": "false",
        "ref_type": "branch",
        "repository": "developer/flights",
        "repository_id": number,
        "repository_owner": "developer",
        "repository_owner_id": str(owner.id),
        "repository_visibility": "public",
        "run_attempt": "2",
        "run_id": "7",
        "run_number": "3",
        "runner_environment": "self-hosted",
        "sha": SHA,
        "workflow": "CI",
        "workflow_ref": workflow,
        "workflow_sha": SHA,
    }
    assert set(claims) | set(times) | {"jti"} <= set(
        provider.forge.oidc.metadata()["claims_supported"]
    )
    assert provider.claims(job, token)["aud"] == f"{URL}/developer"


def test_subjects_name_environment_pull_request_or_ref(provider: Provider) -> None:
    provider.created(CUT_OFF - MINUTE)
    repo = f"repo:{provider.repository.full_name}"
    assert provider.subject("prod") == f"{repo}:environment:prod"
    assert provider.subject("Prod: V1") == f"{repo}:environment:Prod%3A V1"
    assert provider.subject() == f"{repo}:ref:refs/heads/main"
    assert provider.subject(ref="refs/tags/1.0") == f"{repo}:ref:refs/tags/1.0"
    pull = {"event": "pull_request", "ref": "refs/pull/1/merge"}
    assert provider.subject(**pull) == f"{repo}:pull_request"
    assert provider.subject("staging", **pull) == f"{repo}:environment:staging"


def test_ids_stand_in_the_subjects_of_repositories_made_or_renamed_since(
    provider: Provider,
) -> None:
    provider.created(CUT_OFF - MINUTE)
    assert "@" not in provider.subject()
    provider.created(CUT_OFF)
    owner, number = provider.forge.users.owner.id, provider.repository.id
    name = provider.repository.name
    assert provider.subject() == f"repo:developer@{owner}/{name}@{number}:ref:refs/heads/main"
    provider.created(CUT_OFF - 2 * MINUTE)
    provider.clock.offset += 2 * MINUTE
    repositories = provider.forge.repositories
    provider.repository = repositories.save(provider.repository, description="the same name")
    assert "@" not in provider.subject()
    provider.repository = repositories.save(provider.repository, name="renamed")
    number = provider.repository.id
    assert provider.subject("prod") == (f"repo:developer@{owner}/renamed@{number}:environment:prod")


def test_templates_choose_what_a_subject_is_made_of(provider: Provider) -> None:
    oidc, repository = provider.forge.oidc, provider.repository

    def subject(keys: list[str], environment: str = "prod", **more: Any) -> str:
        oidc.save_template(repository, Template(False, keys, **more))
        return provider.subject(environment)

    names = f"repo:{repository.full_name}"
    workflow = f"{repository.full_name}/.github/workflows/ci.yml@refs/heads/main"
    assert subject(["repo", "context", "job_workflow_ref"], immutable=False) == (
        f"{names}:environment:prod:job_workflow_ref:{workflow}"
    )
    assert subject(["repository_owner", "repository_visibility"]) == (
        "repository_owner:developer:repository_visibility:public"
    )
    ids = f"repo:developer@{provider.forge.users.owner.id}/flights@{repository.id}"
    assert subject(["repo"], immutable=True) == ids
    assert subject(["base_ref", "environment"]) == "base_ref::environment:prod"
    with pytest.raises(ForgeApiError, match="includes the environment, and the job has none"):
        subject(["environment"], environment="")


def test_an_organisations_template_is_for_repositories_that_want_it(provider: Provider) -> None:
    forge = provider.forge
    organization = forge.users.create("acme", kind="Organization")
    provider.repository = forge.repositories.create(organization, "ours")
    number = provider.repository.id
    default = f"repo:acme@{organization.id}/ours@{number}:ref:refs/heads/main"
    assert provider.subject() == default
    forge.oidc.save_organization_template(organization, Template(keys=["repository_id"]))
    assert provider.subject() == default
    forge.oidc.save_template(provider.repository, Template(use_default=False, keys=[]))
    assert provider.subject() == f"repository_id:{number}"
    forge.oidc.save_template(provider.repository, Template(use_default=True))
    forge.oidc.save_organization_template(organization, Template(immutable=False))
    assert provider.subject() == "repo:acme/ours:ref:refs/heads/main"
    forge.oidc.save_template(provider.repository, Template(immutable=True))
    assert provider.subject() == default


def refused(provider: Provider, job: JobRun, token: str, status: int = 401) -> None:
    with pytest.raises(ForgeApiError) as refusal:
        provider.token(job, token)
    assert refusal.value.status == status


def test_only_the_running_job_gets_a_token(provider: Provider, tmp_path: Path) -> None:
    job, other = provider.job(), provider.job()
    token, others = provider.admitted(job), provider.admitted(other)
    for wrong in ("", "x", others):
        refused(provider, job, wrong)
    refused(provider, replace(job, id=job.id + 10), token)
    with pytest.raises(ForgeApiError, match="exceeds 2048 characters"):
        provider.token(job, token, "x" * 2049)
    assert provider.token(job, token)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("db.sqlite*"))
    assert token.encode() not in stored
    provider.forge.oidc.dismiss(job.repository, job.id)
    refused(provider, job, token)
    assert provider.token(other, others)
    provider.clock.offset += 15 * MINUTE
    refused(provider, other, others)


def test_the_key_is_made_once_and_only_this_user_reads_it(
    provider: Provider, tmp_path: Path
) -> None:
    job = provider.job()
    token = provider.admitted(job)
    keys = asyncio.run(provider.forge.oidc.jwks())
    path = tmp_path / "forge" / "oidc.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.parent == provider.forge.paths.secrets_key.parent
    (key,) = keys["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}
    provider.forge.database.close()
    provider.forge = provider.opened()
    assert asyncio.run(provider.forge.oidc.jwks()) == keys
    assert provider.claims(job, token)["sub"]


@pytest.mark.parametrize(
    "content", [b"", b"not a key", RSAKey.generate_key(2048).as_pem(private=False)]
)
def test_a_file_that_is_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "oidc.pem"
    path.write_bytes(content)
    with pytest.raises(LocalError, match="is no private RSA key") as refusal:
        SigningKey(path).public()
    assert "remove it" in str(refusal.value.hint)
    assert path.read_bytes() == content


def test_the_provider_is_found_without_credentials(desk: Desk) -> None:
    issuer = f"{desk.url}/_services/token"
    found = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
    assert found["issuer"] == issuer
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]
    keys = requests.get(found["jwks_uri"], timeout=10).json()
    assert [key["alg"] for key in keys["keys"]] == ["RS256"]
    assert "d" not in keys["keys"][0]
    for path in ("/_services/token", "/_services/x", "/_services/idtoken/1/2"):
        assert requests.get(desk.url + path, timeout=10).status_code == 401, path
    answer = desk.ask("GET", f"{desk.url}/_services/idtoken/1/2?api-version=2.0")
    assert answer.status_code == 401
    assert "running job with id-token: write" in answer.json()["message"]


def test_subjects_through_the_api(desk: Desk, repository: Repository) -> None:
    path = f"/repos/{repository.full_name}/actions/oidc/customization/sub"
    owner = desk.client().get_user().id
    ids = f"repo:developer@{owner}/{repository.name}@{repository.id}"
    default = {"use_default": True, "use_immutable_subject": True, "sub_claim_prefix": ids}
    assert desk.ask("GET", path).json() == default
    wanted = {
        "use_default": False,
        "include_claim_keys": ["repo", "context", "workflow_ref"],
        "use_immutable_subject": False,
    }
    answer = desk.ask("PUT", path, json=wanted)
    assert (answer.status_code, answer.json()) == (201, {})
    prefix = {"sub_claim_prefix": f"repo:{repository.full_name}"}
    assert desk.ask("GET", path).json() == wanted | prefix
    assert desk.ask("PUT", path, json={"use_default": True}).status_code == 201
    assert desk.ask("GET", path).json() == default
    for body, message in (
        ({}, '"use_default" wasn\'t supplied'),
        ({"use_default": "yes"}, "is not a boolean"),
        ({"use_default": False, "include_claim_keys": "repo"}, "is not an array"),
        ({"use_default": False, "include_claim_keys": ["nothing"]}, "'nothing' is not a member"),
        ({"use_default": False, "include_claim_keys": ["sub"]}, "'sub' is not a member"),
        ({"use_default": False, "include_claim_keys": ["ref", "ref"]}, "more than once"),
    ):
        answer = desk.ask("PUT", path, json=body)
        assert (answer.status_code, message in answer.json()["message"]) == (422, True), body
    desk.ask("POST", "/admin/users", json={"login": "oidc-writer"})
    repository.add_to_collaborators("oidc-writer", "push")
    token = desk.token("oidc-writer")
    assert desk.ask("GET", path, token=token).status_code == 200
    assert desk.ask("PUT", path, token=token, json={"use_default": True}).status_code == 403


def test_subjects_of_an_organisation_through_the_api(desk: Desk) -> None:
    for login in ("oidc-member", "oidc-boss"):
        desk.ask("POST", "/admin/users", json={"login": login})
    boss, member = desk.token("oidc-boss"), desk.token("oidc-member")
    body = {"login": "oidc-acme", "admin": "oidc-boss"}
    assert desk.ask("POST", "/admin/organizations", json=body).status_code == 201
    path = "/orgs/oidc-acme/actions/oidc/customization/sub"
    default = {"include_claim_keys": ["repo", "context"]}
    assert desk.ask("GET", path, token=boss).json() == default
    wanted = {"include_claim_keys": ["repository_id"], "use_immutable_subject": True}
    answer = desk.ask("PUT", path, token=boss, json=wanted)
    assert (answer.status_code, answer.json()) == (201, {})
    assert desk.ask("GET", path, token=boss).json() == wanted
    assert desk.ask("PUT", path, token=boss, json={"include_claim_keys": ["x"]}).status_code == 422
    for method in ("GET", "PUT"):
        assert desk.ask(method, path, token=member, json={}).status_code == 404
        assert desk.ask(method, path.replace("oidc-acme", "developer"), json={}).status_code == 404
