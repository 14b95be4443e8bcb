from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow import remote
from bricklane.gitflow.git import Git, check_version
from bricklane.gitflow.remote import PushRejected
from bricklane.process import Result
from tests.bricklane.gitflow.conftest import Team, git

# A git whose remote answers as told: each call takes the next line of a file.
TALE = """#!/bin/sh
case " $* " in
  *" ls-remote "*|*" push "*)
    line=$(head -n 1 "$TALE"); sed -i 1d "$TALE"
    if [ -n "$line" ]; then echo "fatal: unable to access: $line" >&2; exit 128; fi;;
esac
exec "$REAL_GIT" "$@"
"""


@pytest.fixture
def tale(team: Team, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    import shutil

    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(TALE)
    (folder / "git").chmod(0o755)
    told = tmp_path / "tale"
    told.write_text("")
    monkeypatch.setenv("REAL_GIT", shutil.which("git") or "")
    monkeypatch.setenv("TALE", str(told))
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(remote, "PAUSES", (0.0, 0.0))
    return told


def status(code: int) -> str:
    return f"The requested URL returned error: {code}"


@pytest.mark.parametrize("codes", [(503,), (429, 500)])
def test_a_busy_forge_is_asked_again(team: Team, tale: Path, codes: tuple[int, ...]) -> None:
    tale.write_text("".join(f"{status(code)}\n" for code in codes))
    assert "develop" in remote.refs(team.project().git).branches


def test_a_forge_that_stays_down(team: Team, tale: Path) -> None:
    tale.write_text(f"{status(502)}\n" * 9)
    with pytest.raises(BricklaneError, match="the forge keeps answering 502 to git") as told:
        remote.refs(team.project().git)
    assert told.value.exit_code is ExitCode.NETWORK
    assert "run the same command again later" in (told.value.hint or "")


@pytest.mark.parametrize("code", [401, 403])
def test_a_token_that_may_not_or_has_expired(team: Team, tale: Path, code: int) -> None:
    project = team.project()
    head = git(team.clone, "rev-parse", "HEAD")
    tale.write_text(f"{status(code)}\n")
    with pytest.raises(BricklaneError, match="the forge did not let git in") as told:
        remote.push(project.git, head, "release/1.0.0", seen=None)
    assert "'contents: write'" in (told.value.hint or "")
    assert "must not have expired" in (told.value.hint or "")
    remote.push(project.git, head, "release/1.0.0", seen=None)
    assert team.forge.branch("release/1.0.0") is not None


@pytest.mark.parametrize(
    ("code", "message"), [(503, "the forge keeps answering 503"), (401, "did not let git in")]
)
def test_a_push_that_http_did_not_carry(
    team: Team, monkeypatch: pytest.MonkeyPatch, code: int, message: str
) -> None:
    """Git ends such a push with the status of a refused one."""
    pushes: list[int] = []
    run = Git.run

    def fail(self: Git, *arguments: str, **options: Any) -> Result:
        if "push" not in arguments:
            return run(self, *arguments, **options)
        pushes.append(1)
        return Result(1, "", f"error: RPC failed; HTTP {code} curl 22 {status(code)}\n")

    monkeypatch.setattr(Git, "run", fail)
    monkeypatch.setattr(remote, "PAUSES", (0.0, 0.0))
    with pytest.raises(BricklaneError, match=message):
        remote.push(team.project().git, "0" * 40, "release/1.0.0", seen=None)
    assert len(pushes) == (3 if code == 503 else 1)


def test_a_rule_of_the_forge_is_quoted(team: Team) -> None:
    project = team.project()
    team.push_change("x", "x.txt", "x", "x")
    remote.track(project.git, "x")
    seen = team.forge.branch("develop").commit
    with pytest.raises(PushRejected, match="GH006: Protected branch update failed") as told:
        remote.push(project.git, project.git.commit("origin/x") or "", "develop", seen=seen)
    assert "let the rules of the forge allow develop" in (told.value.hint or "")


def test_a_stale_lease(team: Team) -> None:
    project = team.project()
    seen = team.push_change("release/1.0.0", "x.txt", "x", "x")
    remote.track(project.git, "release/1.0.0")
    team.push_change("release/1.0.0", "y.txt", "y", "y")
    with pytest.raises(PushRejected, match=f"moved on the forge in the meantime, from {seen[:10]}"):
        remote.push(project.git, seen, "release/1.0.0", seen=seen)
    team.forge.delete_branch("release/1.0.0")
    with pytest.raises(PushRejected, match="was deleted on the forge in the meantime"):
        remote.push(project.git, seen, "release/1.0.0", seen=seen)


def test_a_branch_that_is_moved_back_while_it_is_looked_at(team: Team) -> None:
    project = team.project()
    seen = team.push_change("release/1.0.0", "x.txt", "x", "x")
    team.forge.git("update-ref", "refs/heads/release/1.0.0", "main")
    with pytest.raises(BricklaneError, match=f"commit {seen[:10]} is not on the forge any more"):
        remote.fetch_heads(project.git, {"release/1.0.0": seen})


def test_hooks_of_the_user_do_not_run_for_what_is_built_beside_their_work(team: Team) -> None:
    hook = team.clone / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    head = git(team.clone, "rev-parse", "HEAD")
    remote.push(team.project().git, head, "release/1.0.0", seen=None)


def test_no_such_remote(team: Team) -> None:
    git(team.clone, "remote", "remove", "origin")
    with pytest.raises(BricklaneError, match="has no git remote 'origin'") as told:
        remote.refs(team.project().git)
    assert told.value.exit_code is ExitCode.CONFIG
    assert "git remote add origin" in (told.value.hint or "")


def test_a_remote_that_is_no_repository(team: Team) -> None:
    git(team.clone, "remote", "set-url", "origin", str(team.folder / "nowhere"))
    with pytest.raises(BricklaneError, match="git could not work with the remote origin") as told:
        remote.refs(team.project().git)
    assert told.value.exit_code is ExitCode.NETWORK


@pytest.mark.parametrize(
    "said",
    [
        "fatal: Authentication failed for 'https://host/acme/flights.git/'",
        "fatal: could not read Username for 'https://host': terminal prompts disabled",
        "remote: Repository not found.\nfatal: repository 'https://host/acme/x.git/' not found",
        "git@host: Permission denied (publickey).\nfatal: Could not read from remote repository.",
    ],
)
def test_credentials_that_are_not_accepted(
    team: Team, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """What git says when its own credential helper, or its key, has no better one."""
    monkeypatch.setattr(Git, "run", lambda *_, **__: Result(128, "", f"{said}\n"))
    with pytest.raises(BricklaneError, match="the forge did not let git in") as told:
        remote.refs(Git(team.clone))
    assert "must not have expired" in (told.value.hint or "")


def test_what_a_hook_says_is_quoted(team: Team) -> None:
    hook = team.clone / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\necho no pushes on Fridays\nexit 1\n")
    hook.chmod(0o755)
    arguments = ("push", "--porcelain", "origin", "HEAD:refs/heads/feature/x")
    with pytest.raises(PushRejected, match="no pushes on Fridays"):
        remote.push_as_user(team.project().git, arguments, "hint")


def test_git_is_asked_for_tags_through_annotated_ones(team: Team) -> None:
    commit = team.forge.branch("main").commit
    team.forge.create_tag("1.0.0", commit, "x")
    team.forge.git("tag", "light", commit)
    assert remote.refs(team.project().git).tags == {"1.0.0": commit, "light": commit}


def test_push_arguments_hold_no_token_and_a_lease() -> None:
    assert remote.push_arguments("origin", "abc", "release/1.0.0", None) == (
        "-c", "core.hooksPath=/dev/null", "push", "--porcelain", "--no-follow-tags",
        "--recurse-submodules=no", "--force-with-lease=refs/heads/release/1.0.0:",
        "origin", "abc:refs/heads/release/1.0.0",
    )  # fmt: skip


def test_a_token_is_kept_out_of_messages(team: Team) -> None:
    secret = base64.b64encode(b"x-access-token:hunter2").decode()
    project = Git(team.clone, "origin", {"GIT_TRACE": "1", "HEADER": secret}, (secret, "hunter2"))
    with pytest.raises(BricklaneError) as told:
        project.run("log", f"--{secret}")
    assert secret not in str(told.value)
    assert "***" in str(told.value)


@pytest.mark.parametrize("text", ["git version 2.37.9", "git version 1.9", "what"])
def test_an_old_git(text: str) -> None:
    with pytest.raises(BricklaneError, match=r"wanted 2\.38 or newer") as told:
        check_version(text)
    assert told.value.exit_code is ExitCode.TOOL


@pytest.mark.parametrize("text", ["git version 2.38.0", "git version 3.0.windows.1"])
def test_a_new_git(text: str) -> None:
    check_version(text)


def test_outside_a_clone(tmp_path: Path) -> None:
    with pytest.raises(BricklaneError, match="is in no git working tree") as told:
        Git.open(tmp_path, "origin")
    assert told.value.exit_code is ExitCode.USAGE


def test_variables_of_a_hook_do_not_turn_commands_elsewhere(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(team.forge.bare))
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent/index")
    assert Git.open(team.clone, "origin").top == team.clone.resolve()
