"""Counts what it is given, and greets by the other package of the bundle."""

import sys
from importlib.metadata import version

from greeter import greeting


def main() -> None:
    """Print how many arguments there are."""
    print(greeting(f"counter {version('counter')}"), f"There are {len(sys.argv) - 1}.")
