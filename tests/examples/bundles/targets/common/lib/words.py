"""Used by the notebooks of the bundle."""


def joined(*words: str) -> str:
    """Return words with commas between them."""
    return ", ".join(words)
