"""The forge fails in the middle of a flow: a clear error, and the same words go on from there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bricklane.errors import ExitCode
from tests.flows import scenes
from tests.flows.cloud import DEVELOPER, LocalCloud
from tests.flows.harness import KILLED, Scene, Stage, difference, open_stage

pytestmark = pytest.mark.real

ALWAYS = 1000
PUSH = r".*/git-receive-pack"
PULLS = r".*/pulls"
DRAFT = ("release", "draft", "--minor")
GOES_ON = "it goes on where it stopped"


@contextmanager
def failing(stage: Stage, path: str, status: int, when: str, times: int) -> Iterator[None]:
    """Let the forge answer POSTs on ``path`` with ``status``, before or after their effect."""
    body = {"method": "POST", "path": path, "status": status, "when": when, "times": times}
    stage.cloud.control("POST", "faults", body)
    try:
        yield
    finally:
        stage.cloud.control("DELETE", "faults")


@pytest.fixture(scope="module")
def wanted(stage: Stage, plain: Path) -> object:
    """Return what an undisturbed draft leaves."""
    with stage.world(Scene(plain, DRAFT, ())) as world:
        world.succeed(*DRAFT)
        return world.state()


@pytest.mark.parametrize(
    ("path", "status", "when"),
    [
        (PUSH, 503, "before"),
        (PUSH, 503, "after"),
        (PULLS, 502, "before"),
        (PULLS, 500, "after"),
        (PULLS, 429, "before"),
    ],
)
def test_a_short_failure_is_not_noticed(
    stage: Stage, plain: Path, wanted: object, path: str, status: int, when: str
) -> None:
    with stage.world(Scene(plain, DRAFT, ())) as world:
        with failing(stage, path, status, when, 1):
            world.succeed(*DRAFT)
        assert not difference(wanted, world.state())


@pytest.mark.parametrize(
    ("path", "status", "when", "code", "words"),
    [
        (PUSH, 503, "before", ExitCode.NETWORK, ("503", "run the same command again")),
        (PUSH, 503, "after", ExitCode.NETWORK, ("503", "run the same command again")),
        (PUSH, 401, "before", ExitCode.FAILED, ("did not let git in", "must not have expired")),
        (PULLS, 502, "before", ExitCode.NETWORK, ("answered 502 to POST", GOES_ON)),
        (PULLS, 502, "after", ExitCode.NETWORK, ("answered 502 to POST", GOES_ON)),
        (PULLS, 429, "before", ExitCode.NETWORK, ("rate limit", GOES_ON)),
        (PULLS, 401, "before", ExitCode.FAILED, ("does not accept the token from", GOES_ON)),
        (PULLS, 403, "before", ExitCode.FAILED, ("403", "pull-requests", "pull requests: write")),
    ],
)
def test_a_failure_that_lasts_is_told_and_resumed_from(
    stage: Stage, plain: Path, wanted: object, path: str, status: int, when: str,
    code: ExitCode, words: tuple[str, ...],
) -> None:  # fmt: skip
    with stage.world(Scene(plain, DRAFT, ())) as world:
        with failing(stage, path, status, when, ALWAYS):
            ended = world.run(*DRAFT, GITHUB_ACTIONS="true")
        found = when == "after" and ended.code == 0  # Only the answer was lost, and it looked.
        assert found or ended.code == code, ended.text
        for word in words:
            assert found or word in ended.text, ended.text
        assert stage.cloud.token() not in ended.text
        assert "Traceback" not in ended.text
        world.succeed(*DRAFT)
        assert not difference(wanted, world.state())


def test_a_token_that_expires(stage: Stage, plain: Path, wanted: object) -> None:
    """It expires after the branch was pushed; a new one goes on from there."""
    token = stage.cloud.issue_token(DEVELOPER, expires_in=60)
    with stage.world(Scene(plain, DRAFT, ())) as world:
        assert world.run(*DRAFT, at=1, when="after", GITHUB_TOKEN=token).code == KILLED
        stage.cloud.control("POST", "clock", {"milliseconds": 120_000})
        ended = world.run(*DRAFT, GITHUB_TOKEN=token)
        assert ended.code not in (ExitCode.OK, KILLED), ended.text
        assert "did not let git in" in ended.text
        assert "must not have expired" in ended.text
        assert token not in ended.text
        world.succeed(*DRAFT)
        assert not difference(wanted, world.state())


def test_a_forge_that_goes_down(tmp_path: Path) -> None:
    """It goes down when the branch is pushed, and comes back; nothing is left half done."""
    with ExitStack() as stack:
        cloud = LocalCloud(tmp_path / "state")
        stage = stack.enter_context(open_stage(tmp_path))
        template = scenes.plain(tmp_path / "templates")
        with stage.world(Scene(template, DRAFT, ())) as world:
            assert world.run(*DRAFT, at=1, when="after").code == KILLED
            token = cloud.token()
            cloud.down()
            ended = world.run(*DRAFT, GITHUB_TOKEN=token)
            assert ended.code == ExitCode.NETWORK, ended.text
            assert "check" in ended.text
            assert "Traceback" not in ended.text
            cloud.up()
            ended = world.succeed(*DRAFT)
            assert "already done" in ended.text
            assert len(world.ask("pulls")) == 1
