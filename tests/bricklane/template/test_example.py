"""``examples/flights`` is what the template makes of the answers it keeps."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bricklane.project.rendering import files_of, read_answers, render

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "flights"


def test_the_example_is_what_the_template_makes(tmp_path: Path) -> None:
    render(read_answers(EXAMPLE), tmp_path)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "."],
        cwd=EXAMPLE,
        check=True,
        capture_output=True,
        text=True,
    )
    there = {name for name in listed.stdout.split("\0") if name and (EXAMPLE / name).exists()}

    assert there == {str(name) for name in files_of(tmp_path)}, "run `make generate`"
    for name in sorted(there):
        made = (tmp_path / name).read_text("utf-8")
        assert (EXAMPLE / name).read_text("utf-8") == made, f"{name}: run `make generate`"
