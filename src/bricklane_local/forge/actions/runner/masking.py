"""Keeping secrets out of everything that a run leaves behind."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from collections.abc import Iterable

MASK = "***"
# Lines of a secret shorter than this say nothing, and masking them would ruin every log.
SHORTEST_LINE = 4


class Masker:
    """Replaces secrets, and the usual encodings of them, by asterisks.

    Args:
        secrets: their values.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Mask ``secret`` from now on, and each of its lines."""
        if not secret.strip():
            return
        lines = [line.strip() for line in secret.splitlines()]
        if len(lines) > 1:
            lines = [line for line in lines if len(line) >= SHORTEST_LINE]
        for value in (secret, *lines):
            self._values.update(_forms(value))
        # Longest first: a secret may contain another one.
        ordered = sorted(self._values, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered)))

    def clean(self, text: str) -> str:
        """Return ``text`` without secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def hits(self, text: str) -> bool:
        """Say whether there is a secret in ``text``."""
        return bool(self._pattern and self._pattern.search(text))


def _forms(value: str) -> set[str]:
    forms = {value, value.strip(), json.dumps(value)[1:-1], urllib.parse.quote(value, safe="")}
    raw = value.encode()
    for shift in range(3):
        # In a longer text the base64 of a secret depends on where it begins, modulo 3.
        encoded = base64.b64encode(b"\0" * shift + raw).decode()
        begin = -(-shift * 8 // 6)
        end = len(encoded.rstrip("=")) - (1 if (len(raw) + shift) % 3 else 0)
        if end - begin >= 2 * SHORTEST_LINE:
            forms.add(encoded[begin:end])
    return {form for form in forms if form}
