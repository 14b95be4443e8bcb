"""Texts that do not belong into code: addresses, secrets, catalogs of one target."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bricklane.testing.validation.pythoncode import texts_of
from bricklane.testing.validation.rules import CATALOG, HOST, TOKEN, Rule
from bricklane.testing.validation.sources import Findings, Part, Source
from bricklane.testing.validation.workspace import Workspace

# https://docs.databricks.com/en/workspace/workspace-details.html: workspaces of the three clouds;
# the account consoles are no workspaces.
ADDRESS = re.compile(
    r"\b(?!accounts\.)[\w-]+(?:\.\d+)?"
    r"\.(?:cloud\.databricks\.(?:com|us)|azuredatabricks\.net|gcp\.databricks\.com"
    r"|databricks\.azure\.(?:us|cn))\b"
)
# What each kind of secret looks like.
SECRETS = {
    "a Databricks token": re.compile(r"\bdapi[0-9a-f]{32}(?:-\d+)?\b"),
    "a Databricks OAuth secret": re.compile(r"\bdose[0-9a-f]{32}\b"),
    "a Databricks refresh token": re.compile(r"\bdoau[0-9a-f]{32}\b"),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,})\b"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "an Azure storage key": re.compile(r"\bAccountKey=[A-Za-z0-9+/]{80,}=="),
}
SECRET_HINT = "keep it in a secret scope: dbutils.secrets.get(scope, key); and revoke this one"  # noqa: S105
HOST_HINT = "take it from the environment: WorkspaceClient() knows the workspace that it runs in"
SHOWN = 4


def check_constants(workspace: Workspace, source: Source, findings: Findings) -> None:
    """Look for :data:`HOST`, :data:`TOKEN` and :data:`CATALOG`."""
    for part in source.parts:
        for line, text in enumerate(part.source.split("\n"), 1):
            for kind, pattern in SECRETS.items():
                if match := pattern.search(text):
                    message = f"{kind}, `{match[0][:SHOWN]}...`"
                    findings.add(source, part, line, TOKEN, message, SECRET_HINT)
    for part, line, text in _texts(workspace, source):
        for offset, content in enumerate(text.split("\n")):
            if match := ADDRESS.search(content):
                message = f"the address of a workspace, `{match[0]}`"
                findings.add(source, part, line + offset, HOST, message, HOST_HINT)
            for rule, message, hint in _catalogs(workspace, content):
                findings.add(source, part, line + offset, rule, message, hint)


def _texts(workspace: Workspace, source: Source) -> Iterator[tuple[Part, int, str]]:
    """Yield what code says: texts of Python, SQL without its comments, and shell commands."""
    from bricklane_runtime.notebook.statements import tokens

    for code in workspace.code(source):
        for line, text in texts_of(code.tree):
            yield code.part, line, text
    for part in source.of_kind("sql"):
        text = "".join(
            "\n" * piece.text.count("\n") if piece.kind == "comment" else piece.text
            for piece in tokens(part.body)
        )
        yield part, 1, text
    for part in source.of_kind("sh"):
        yield part, 1, part.body


def _catalogs(workspace: Workspace, text: str) -> Iterator[tuple[Rule, str, str]]:
    for catalog, target in workspace.catalogs.items():
        name = rf"(?:`{re.escape(catalog)}`|(?<![\w.`/@-]){re.escape(catalog)})"
        part = r"\.(?:`[^`]+`|[\w{}$]+)"
        # An f-string's text ends where a value begins: "dev." is what is left of f"dev.{schema}.t".
        three = re.search(rf"{name}(?:{part}{part}(?!\.?[\w(])|\.\Z)", text)
        if three or re.search(rf"\bUSE\s+CATALOG\s+{name}", text, re.IGNORECASE):
            message = f"the catalog `{catalog}` of the target {target} is written into code"
            yield CATALOG, message, "take it from a widget or a parameter that the job gives"
            return
