"""The commands as users run them, and how they end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bricklane.cli.main import main
from bricklane.errors import BricklaneError, ExitCode
from bricklane.forge.errors import ForgeForbidden, ForgeUnavailable
from bricklane.gitflow.flows import publishing
from tests.bricklane.gitflow.conftest import Team, git
from tests.bricklane.gitflow.flowing import walk

BUNDLE = "bundle:\n  name: flights\ntargets:\n  dev:\n    mode: development\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bricklane(
    team: Team, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run a command in the team's clone; return exit code, output and error."""
    (team.clone / "databricks.yml").write_text(BUNDLE)
    (team.clone / ".git" / "info" / "exclude").write_text("databricks.yml\nbricklane.toml\nsub\n")
    monkeypatch.chdir(team.clone)
    monkeypatch.setattr("bricklane.forge.opening.open_forge", lambda _: team.forge)

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


def test_a_release_from_draft_to_publication(
    team: Team, bricklane: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.feature("map")
    code, out, _ = bricklane("release", "draft", "--minor", "--plan")
    assert (code, team.forge.branch("release/0.1.0")) == (0, None)
    assert "? open the pull request: release/0.1.0 → main (would do)" in out
    assert "nothing was done" in out
    code, out, _ = bricklane("release", "draft", "--minor")
    assert code == 0
    assert "✓ open the pull request: release/0.1.0 → main (#2, https://forge/" in out
    _, out, _ = bricklane("release", "draft", "--minor")
    assert "= open the pull request: release/0.1.0 → main (#2" in out
    assert "(already done)" in out

    def refuse(*_: object) -> None:
        raise BricklaneError("staging has not tested this")

    monkeypatch.setattr("bricklane.delivery.gate.check_tested", refuse)
    for words in (("release", "publish"), ("release", "publish", "--plan")):
        code, out, err = bricklane(*words)
        assert code == ExitCode.FAILED
        assert "✗ check that this very tree was tested: on staging\n" in out
        assert "error: staging has not tested this" in err
    monkeypatch.setattr("bricklane.delivery.gate.check_tested", lambda *_: None)
    code, out, _ = bricklane("release", "publish", "0.1.0", "--plan")
    assert code == 0
    assert "✓ check that this very tree was tested: on staging\n? merge the pull request" in out
    code, out, _ = bricklane("release", "publish", "0.1.0")
    assert code == 0
    assert "✓ merge the pull request with a merge commit: #2: release/0.1.0 → main" in out
    assert out.endswith("\nbricklane release publish 0.1.0 --wait\n")
    world = publishing.prepare_merged(team.project(), 2)
    walk(publishing.finish_of(world.project), world)
    assert bricklane("release", "publish", "0.1.0")[1].endswith("\n0.1.0 is published\n")


def test_on_a_terminal_an_error_begins_on_a_line_of_its_own(
    team: Team, bricklane: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise BricklaneError("no more pull requests today")

    team.feature("map")
    monkeypatch.setattr(team.forge, "create_pull_request", refuse)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    _, out, _ = bricklane("release", "draft", "--minor")
    last = out.rpartition("\n\x1b")[2] or out
    assert "… open the pull request: release/0.1.0 → main\r\x1b[K" in out
    assert out.endswith("✗\x1b[0m open the pull request: release/0.1.0 → main\n"), last


def test_a_feature_and_a_hotfix(team: Team, bricklane: Run) -> None:
    team.feature("map")
    team.release()
    assert bricklane("feature", "start", "charts")[0] == 0
    (team.clone / "charts.txt").write_text("x")
    git(team.clone, "add", "charts.txt")
    git(team.clone, "commit", "-q", "-m", "feat: charts")
    code, out, _ = bricklane("feature", "finish", "--title", "Charts")
    assert code == 0
    assert "merge https://forge/acme/flights/pull/4" in out
    assert team.forge.pulls[4].title == "Charts"
    code, out, _ = bricklane("hotfix", "draft", "--pr", "4")
    assert code == 0
    assert "✓ comment on the pull request and close it: #4" in out
    code, out, _ = bricklane("hotfix", "start", "--plan")
    assert code == 0
    assert git(team.clone, "symbolic-ref", "--short", "HEAD") == "feature/charts"


def test_a_feature_begins_without_a_token(bricklane: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise BricklaneError("there is no token")

    monkeypatch.setattr("bricklane.forge.opening.open_forge", refuse)
    assert bricklane("feature", "start", "charts")[0] == 0
    assert "there is no token" in bricklane("release", "draft", "--minor")[2]


def test_hotfix_start_says_how_to_go_on(team: Team, bricklane: Run) -> None:
    team.feature("map")
    team.release()
    _, out, _ = bricklane("hotfix", "start")
    assert "work on it: git fetch && git switch hotfix/0.1.1" in out
    git(team.clone, "fetch", "-q")
    git(team.clone, "switch", "-q", "hotfix/0.1.1")


@pytest.mark.parametrize(
    ("words", "version"),
    [([], "1.3.0"), (["--minor"], "1.3.0"), (["--major"], "2.0.0"), (["--patch"], "1.2.4")],
)
def test_next_version(team: Team, bricklane: Run, words: list[str], version: str) -> None:
    for tag in ("1.2.3", "1.2.3-rc.1", "0.9.10"):
        team.forge.git("tag", tag, "main")
    # Nothing was fetched, and nobody asked the remote.
    assert bricklane("next-version")[:2] == (0, "0.1.0\n")
    assert bricklane("next-version", "--fetch", *words)[:2] == (0, f"{version}\n")
    git(team.clone, "fetch", "-q", "--tags")
    assert bricklane("next-version", *words)[:2] == (0, f"{version}\n")


def test_next_version_of_a_shallow_clone_asks_the_remote(
    team: Team, bricklane: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.forge.git("tag", "1.2.3", "main")
    shallow = team.second_clone("shallow", "--depth=1", "--no-tags")
    (shallow / "databricks.yml").write_text(BUNDLE)
    monkeypatch.chdir(shallow)
    assert bricklane("next-version")[:2] == (0, "1.3.0\n")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["release", "draft"], ExitCode.USAGE, "say which: --major or --minor"),
        (["release", "draft", "--patch"], ExitCode.USAGE, "No such option"),
        (["hotfix", "draft"], ExitCode.USAGE, "Missing option '--pr'"),
        (["hotfix", "draft", "--pr", "x"], ExitCode.USAGE, "'x' is not a valid integer"),
        (["hotfix", "draft", "--pr", "9"], ExitCode.FAILED, "there is no pull request #9"),
        (["hotfix", "start"], ExitCode.FAILED, "no hotfix before the first release"),
        (["release", "publish", "1.x"], ExitCode.USAGE, "'1.x' is not a version of the form"),
        (["release", "publish"], ExitCode.FAILED, "no release or hotfix is open"),
        (["feature", "finish"], ExitCode.USAGE, "a feature is finished from its branch"),
        (["feature", "start", "a b"], ExitCode.FAILED, "cannot be the name of a branch"),
    ],
)
def test_exit_codes(bricklane: Run, words: list[str], code: ExitCode, message: str) -> None:
    """As failure 6 of the peer, whose exit codes did not say what they should."""
    ended, _, err = bricklane(*words)
    assert ended == code
    assert message in err


def test_settings_and_surroundings(
    team: Team, bricklane: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (team.clone / "bricklane.toml").write_text('[gitflow]\ntag = "v"\n')
    ended, _, err = bricklane("next-version")
    assert ended == ExitCode.CONFIG
    assert "{version}" in err
    (team.clone / "bricklane.toml").unlink()
    (team.clone / "sub").mkdir()
    monkeypatch.chdir(team.clone / "sub")
    assert bricklane("next-version")[:2] == (0, "0.1.0\n")
    (team.clone / "databricks.yml").unlink()
    assert bricklane("next-version")[0] == ExitCode.CONFIG


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ForgeForbidden("the token lacks 'pull requests: write'"), ExitCode.FAILED),
        (ForgeUnavailable("the forge is down", exit_code=ExitCode.NETWORK), ExitCode.NETWORK),
    ],
)
def test_what_the_forge_refuses_in_the_middle_is_told_and_resumed(
    team: Team,
    bricklane: Run,
    monkeypatch: pytest.MonkeyPatch,
    error: BricklaneError,
    code: ExitCode,
) -> None:
    def refuse(**_: object) -> None:
        raise error

    team.feature("map")
    with monkeypatch.context() as patch:
        patch.setattr(team.forge, "create_pull_request", refuse)
        ended, out, err = bricklane("release", "draft", "--minor")
    assert ended == code
    assert "✓ create the branch" in out
    assert f"error: {error.message}" in err
    assert bricklane("release", "draft", "--minor")[0] == 0
    assert len(list(team.forge.pull_requests(base="main"))) == 1
