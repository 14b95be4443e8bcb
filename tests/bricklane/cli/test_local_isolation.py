"""``bricklane local`` runs the installed local cloud, whatever lies in the working directory."""

import subprocess
import sys
from pathlib import Path


def test_modules_in_the_working_directory_are_not_run(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('a module of the project ran')\n")
    (tmp_path / "bricklane_local.py").write_text(
        "raise SystemExit('a module of the project ran')\n"
    )
    # The program itself must start from elsewhere: what is tested is the process it becomes.
    start = "from bricklane.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", start, "local", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "a module of the project ran" not in done.stdout + done.stderr
    assert done.returncode == 0
    assert "Usage: bricklane local [OPTIONS] COMMAND [ARGS]..." in done.stdout
