"""What one process of a test run shares: the target, its workspace, Spark; each when first used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bricklane.errors import BricklaneError

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from bricklane.testing.spark.opening import Opened
    from bricklane.testing.spark.places import Place
    from bricklane.testing.target import Deployed, Target

SETTINGS_INI = "bricklane_spark_conf"


class told:  # noqa: N801  (used as a function is)
    """Turns an error that the user can act on into the test's failure, without our own frames.

    Args:
        trace: whether the line of the test that led here is shown; a fixture has none.
    """

    def __init__(self, *, trace: bool = False) -> None:
        self._trace = trace

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        """Fail the test when ``error`` is one of ours."""
        __tracebackhide__ = True
        if isinstance(error, BricklaneError):
            hints = [f"  hint: {line}" for line in (error.hint or "").splitlines()]
            text = "\n".join([error.message, *hints])
            raise pytest.fail.Exception(text, pytrace=self._trace) from None


class TestSession:
    """What the fixtures of this process share.

    Args:
        config: pytest's.
    """

    __test__ = False

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.opened: Opened | None = None
        self.said = ""

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self._config.rootpath

    @property
    def target_option(self) -> str | None:
        """What ``--target`` says."""
        value: str | None = self._config.getoption("--target")
        return value

    @cached_property
    def place(self) -> Place:
        """Where Spark is."""
        from bricklane.testing.spark.places import resolve

        return resolve(self._config.getoption("--spark"), self.target_option, os.environ)

    @property
    def on_workspace(self) -> bool:
        """Whether what tests make is made in the target's workspace, and not in a Spark here."""
        return not self.place.on_this_machine

    @property
    def inside(self) -> bool:
        """Whether the tests run inside the workspace, where Spark is at hand."""
        from bricklane.testing.spark.places import INSIDE

        return self.place.kind == INSIDE

    @cached_property
    def target(self) -> Target:
        """The target of the bundle."""
        from bricklane.testing.target import find_target

        return find_target(self.root, self.target_option, os.environ)

    @cached_property
    def client(self) -> WorkspaceClient:
        """The target's workspace."""
        from bricklane.testing.target import workspace_client

        return workspace_client(self.target, os.environ)

    @cached_property
    def deployed(self) -> Deployed:
        """What is deployed to the target."""
        from bricklane.testing.target import find_deployed

        return find_deployed(self.target, os.environ)

    def open_spark(self) -> Opened:
        """Return the Spark session, opened when this is the first call.

        It is open until pytest ends: fixtures of the whole run that never asked for ``spark`` may
        need it to remove what they have made.
        """
        if self.opened is None:
            from bricklane.testing.spark.opening import open_session

            self.opened = open_session(
                self.place, self.root, self._settings(), lambda: self.client.config
            )
            self.said = self.opened.said
            self._config.add_cleanup(self.close)
        return self.opened

    def _settings(self) -> Mapping[str, str]:
        lines: list[str] = self._config.getini(SETTINGS_INI)
        pairs = [line.partition("=") for line in lines]
        return {name.strip(): value.strip() for name, _, value in pairs}

    def close(self) -> None:
        """End what was opened."""
        opened, self.opened = self.opened, None
        if opened is not None:
            opened.close()


KEY = pytest.StashKey[TestSession]()


def session_of(config: pytest.Config) -> TestSession:
    """Return what the fixtures of this process share."""
    if KEY not in config.stash:
        config.stash[KEY] = TestSession(config)
    return config.stash[KEY]
