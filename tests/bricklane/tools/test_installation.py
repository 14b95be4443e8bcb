from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bricklane.errors import BricklaneError, ExitCode
from bricklane.tools.cache import ToolCache
from bricklane.tools.installation import install
from bricklane.tools.model import Job, Tool, WayFailed
from bricklane.tools.table import TOOLS

FULL = Path("/dev/full")

# Installs the row `slow`, whose one way writes a line to the file in argv[1], waits until the file
# in argv[2] exists, and then makes its program.
SLOW = """
import os, sys, time
from pathlib import Path
from bricklane.tools.discovery import ask, match
from bricklane.tools.installation import install
from bricklane.tools.model import Copy, Tool
from bricklane.tools.reporting import LineReporter

class Slow:
    label = "slowly"
    def provide(self, job):
        with open(sys.argv[1], "a") as file:
            file.write("began\\n")
        while not os.path.exists(sys.argv[2]):
            time.sleep(0.02)
        program = job.folder / "slow"
        program.write_text("#!/bin/sh\\necho 1.0\\n")
        program.chmod(0o755)
        return {}

def inspect(path):
    return Copy(path, match(r"(\\S+)", ask(path)))

row = Tool("slow", ">=1", "1.0", (), inspect, (Slow(),), "slow", "slow", "none")
print(install("slow", os.environ, LineReporter(), tools={"slow": row}).copy.path)
"""


@dataclass
class Failing:
    reason: str
    code: ExitCode = ExitCode.TOOL
    hint: str | None = None
    label: str = "failing"

    def provide(self, job: Job) -> dict[str, Any]:
        (job.folder / "half").write_text("done", "utf-8")
        raise WayFailed(self.reason, code=self.code, hint=self.hint)


def test_a_made_up_row_is_installed_and_found_again(
    hammer: Callable[..., Tool], environment: dict[str, str], record: Any, script: Any
) -> None:
    tools = {"hammer": hammer(script)}

    first = install("hammer", environment, record, tools=tools)
    second = install("hammer", environment, record, tools=tools)

    target = Path(environment["BRICKLANE_CACHE_DIR"]) / "tools" / "hammer" / "2.5.0"
    assert first.copy is not None
    assert first.copy.path == target / "hammer"
    assert (first.source, second.source) == ("cache", "cache")
    assert second.copy == first.copy
    assert script.runs == 1
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))
    del manifest["installed_at"]
    assert manifest == {"made_up": True, "tool": "hammer", "version": "2.5.0", "way": "script"}


def test_a_copy_on_path_is_used_and_force_installs_beside_it(
    hammer: Callable[..., Tool],
    environment: dict[str, str],
    record: Any,
    script: Any,
    script_maker: Callable[[Path, str], Path],
) -> None:
    present = script_maker(Path(environment["PATH"]) / "hammer", "2.1")
    tools = {"hammer": hammer(script)}

    found = install("hammer", environment, record, tools=tools)
    forced = install("hammer", environment, record, force=True, tools=tools)

    assert found.copy is not None
    assert (found.copy.path, found.copy.version, found.source) == (present, "2.1", "PATH")
    assert forced.copy is not None
    assert (forced.copy.version, forced.source) == ("2.5.0", "cache")


def test_force_replaces_the_cached_copy(
    hammer: Callable[..., Tool], environment: dict[str, str], record: Any, script: Any
) -> None:
    tools = {"hammer": hammer(script)}
    first = install("hammer", environment, record, tools=tools)
    assert first.copy is not None
    first.copy.path.write_text("damaged", "utf-8")

    install("hammer", environment, record, force=True, tools=tools)

    assert "hammer version" in first.copy.path.read_text("utf-8")
    assert leftovers(first.copy.path.parents[1]) == []


def test_a_copy_with_missing_files_is_installed_again(
    hammer: Callable[..., Tool], environment: dict[str, str], record: Any, script: Any
) -> None:
    tools = {"hammer": hammer(script)}
    first = install("hammer", environment, record, tools=tools)
    assert first.copy is not None
    first.copy.path.unlink()

    install("hammer", environment, record, tools=tools)

    assert first.copy.path.exists()
    assert script.runs == 2


def test_the_next_way_is_tried_and_the_failure_told(
    hammer: Callable[..., Tool], environment: dict[str, str], record: Any, script: Any
) -> None:
    tools = {"hammer": hammer(Failing("the moon is full"), script)}

    finding = install("hammer", environment, record, tools=tools)

    assert finding.copy is not None
    assert record.lines == ["hammer: failing: the moon is full"]
    assert [path.name for path in finding.copy.path.parent.glob("half")] == []


def test_when_every_way_fails_all_reasons_and_ways_out_are_named(
    hammer: Callable[..., Tool], environment: dict[str, str], record: Any
) -> None:
    ways = (
        Failing("no network", ExitCode.NETWORK, label="download"),
        Failing("no compiler", hint="install a compiler", label="build"),
    )

    with pytest.raises(BricklaneError) as caught:
        install("hammer", environment, record, tools={"hammer": hammer(*ways)})

    assert caught.value.message == (
        "hammer 2.5.0 could not be installed: download: no network; build: no compiler"
    )
    assert caught.value.hint == "install a compiler\nput hammer 2 on PATH"
    assert caught.value.exit_code is ExitCode.NETWORK


def test_without_any_network_failure_the_code_is_tool(
    hammer: Callable[..., Tool], environment: dict[str, str], record: Any
) -> None:
    with pytest.raises(BricklaneError, match=r"failing: no compiler$") as caught:
        install("hammer", environment, record, tools={"hammer": hammer(Failing("no compiler"))})

    assert caught.value.exit_code is ExitCode.TOOL


def test_what_a_way_provides_must_be_the_wanted_version(
    hammer: Callable[..., Tool], environment: dict[str, str], record: Any, script: Any
) -> None:
    script.version = "3.0.1"

    with pytest.raises(BricklaneError, match=r"not usable: version 3\.0\.1 is not >=2,<3$"):
        install("hammer", environment, record, tools={"hammer": hammer(script)})

    assert ToolCache(hammer(), environment).manifest() is None


def test_an_unknown_name_lists_the_known_ones(environment: dict[str, str], record: Any) -> None:
    with pytest.raises(BricklaneError, match=r"^there is no tool 'terraforn'$") as caught:
        install("terraforn", environment, record)

    assert caught.value.hint == f"known tools: {', '.join(sorted(TOOLS))}"
    assert caught.value.exit_code is ExitCode.TOOL


def test_a_tool_that_another_needs_is_installed_first(
    hammer: Callable[..., Tool], environment: dict[str, str], record: Any, script: Any
) -> None:
    seen: dict[str, Path] = {}

    @dataclass
    class Needing(type(script)):  # type: ignore[misc]
        def provide(self, job: Job) -> dict[str, Any]:
            seen.update(job.needs)
            return dict(super().provide(job))

    tools = {
        "hammer": hammer(Needing(), needs=("anvil",)),
        "anvil": hammer(script, name="anvil", places=()),
    }

    install("hammer", environment, record, tools=tools)

    cache = Path(environment["BRICKLANE_CACHE_DIR"])
    assert seen == {"anvil": cache / "tools" / "anvil" / "2.5.0" / "hammer"}


def test_a_full_disk_is_named_with_the_folder(
    hammer: Callable[..., Tool], environment: dict[str, str], record: Any, script: Any
) -> None:
    class Full:
        label = "full"

        def provide(self, job: Job) -> dict[str, Any]:
            if not FULL.exists():  # it is Linux's; elsewhere the error can only be made up
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            (job.folder / "hammer").symlink_to(FULL)
            (job.folder / "hammer").write_bytes(b"x")
            return {}

    with pytest.raises(BricklaneError) as caught:
        install("hammer", environment, record, tools={"hammer": hammer(Full(), script)})

    root = Path(environment["BRICKLANE_CACHE_DIR"]) / "tools" / "hammer"
    assert (
        caught.value.message == f"hammer 2.5.0 could not be installed: no space is left in {root}"
    )
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("choose another folder with BRICKLANE_CACHE_DIR")
    assert caught.value.exit_code is ExitCode.TOOL
    assert script.runs == 0
    assert leftovers(root) == []


def test_a_cache_that_cannot_be_made_is_named(
    hammer: Callable[..., Tool],
    environment: dict[str, str],
    record: Any,
    script: Any,
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    environment["BRICKLANE_CACHE_DIR"] = str(tmp_path / "file" / "below")

    with pytest.raises(BricklaneError, match=r"a part of the path is not a folder in .*/below/"):
        install("hammer", environment, record, tools={"hammer": hammer(script)})


def test_two_installations_at_once_do_the_work_once(
    environment: dict[str, str], tmp_path: Path
) -> None:
    began, go = tmp_path / "began", tmp_path / "go"
    first = start(environment, began, go)
    wait_for(began)
    second = start(environment, began, go)
    assert second.stderr is not None
    assert second.stderr.readline() == "slow: waiting for another installation of it to end\n"

    go.touch()
    outputs = [process.communicate(timeout=60) for process in (first, second)]

    path = Path(environment["BRICKLANE_CACHE_DIR"]) / "tools" / "slow" / "1.0" / "slow"
    assert [out for out, _ in outputs] == [f"{path}\n"] * 2
    assert began.read_text("utf-8") == "began\n"


def test_what_a_killed_installation_left_is_cleared_by_the_next(
    environment: dict[str, str], tmp_path: Path
) -> None:
    began, go = tmp_path / "began", tmp_path / "go"
    killed = start(environment, began, go)
    wait_for(began)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    root = Path(environment["BRICKLANE_CACHE_DIR"]) / "tools" / "slow"
    assert len(leftovers(root)) == 1
    assert not (root / "1.0").exists()

    go.touch()
    out, err = start(environment, began, go).communicate(timeout=60)

    assert (out, err) == (f"{root / '1.0' / 'slow'}\n", "")
    assert leftovers(root) == []


def start(environment: dict[str, str], began: Path, go: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SLOW, str(began), str(go)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


def leftovers(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob(".*ing-*"))
