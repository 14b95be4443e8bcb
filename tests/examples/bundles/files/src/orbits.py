"""A module beside the tasks that import it."""

import json
from pathlib import Path


def farthest(planets: Path) -> str:
    """Return the planet with the longest distance in a JSON file of distances."""
    distances: dict[str, float] = json.loads(planets.read_text())
    return max(distances, key=distances.__getitem__)
