"""The stand-ins, as rows: which action each takes the place of, and the defaults of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
CHECKOUT = {
    "repository": "${{ github.repository }}",
    "token": "${{ github.token }}",
    "path": ".",
    "fetch-depth": "1",
    "fetch-tags": "false",
    "persist-credentials": "true",
}
SETUP_PYTHON = {"update-environment": "true"}
UPLOAD = {"name": "artifact", "if-no-files-found": "warn"}


@dataclass(frozen=True, slots=True)
class Standin:
    """A small program in the place of an action.

    Args:
        action: ``owner/repo``.
        file: the program, in this folder; the inputs come as variables ``INPUT_<NAME>``, and the
            first argument is the text of ``uses``.
        defaults: of its inputs.
        inputs: names of those without a default.
        outputs: names.
    """

    action: str
    file: str
    defaults: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def script(self) -> Path:
        """The path of the program."""
        return FOLDER / self.file

    def variables(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of a step with these inputs."""
        given = {name.lower(): value for name, value in inputs.items()}
        return {
            f"INPUT_{name.upper().replace(' ', '_')}": value
            for name, value in {**self.defaults, **given}.items()
        }


STANDINS = {
    row.action: row
    for row in (
        Standin("actions/checkout", "checkout.py", CHECKOUT, ("ref", "clean"), ("ref", "commit")),
        Standin(
            "actions/setup-python",
            "setup_python.py",
            SETUP_PYTHON,
            ("python-version", "python-version-file"),
            ("python-version", "python-path"),
        ),
        Standin(
            "actions/upload-artifact",
            "upload_artifact.py",
            UPLOAD,
            ("path", "overwrite", "include-hidden-files", "retention-days", "compression-level"),
            ("artifact-digest",),
        ),
        Standin(
            "actions/download-artifact",
            "download_artifact.py",
            {},
            ("name", "pattern", "path", "merge-multiple", "run-id", "repository", "artifact-ids"),
            ("download-path",),
        ),
        Standin(
            "actions/cache",
            "cache.py",
            {},
            ("path", "key", "restore-keys", "fail-on-cache-miss"),
            ("cache-hit",),
        ),
        Standin(
            "astral-sh/setup-uv",
            "setup_uv.py",
            {},
            ("version", "python-version", "activate-environment", "enable-cache"),
            ("uv-version", "uv-path", "cache-hit"),
        ),
        Standin("databricks/setup-cli", "setup_cli.py", {}, ("version",)),
    )
}
