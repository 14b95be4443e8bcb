"""Write ``examples/flights`` from the template and the answers that it keeps.

Run ``make generate`` after the template changed; a test fails while the example is stale.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from bricklane.project.rendering import files_of, read_answers, render

EXAMPLE = Path(__file__).parents[1] / "examples" / "flights"
# What tools leave in the folder, and git ignores.
LEFT_BY_TOOLS = {".databricks", ".pytest_cache", ".ruff_cache", ".venv", "__pycache__", "dist"}
LOCK = "uv.lock"


def committed(folder: Path) -> set[Path]:
    """Return the files of the example that are its content, relative to it."""
    return {
        file
        for file in files_of(folder)
        if not LEFT_BY_TOOLS & set(file.parts) and file.name != LOCK
    }


def main() -> None:
    """Rewrite the example: files that the template no longer makes go, all others are written."""
    with TemporaryDirectory() as temporary:
        rendered = Path(temporary)
        render(read_answers(EXAMPLE), rendered)
        made = set(files_of(rendered))
        for file in committed(EXAMPLE) - made:
            (EXAMPLE / file).unlink()
        for file in made:
            (EXAMPLE / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(rendered / file, EXAMPLE / file)


if __name__ == "__main__":
    main()
