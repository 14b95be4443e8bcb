"""Says what is installed."""

import sys
from importlib.metadata import version


def main() -> None:
    """Print this package's public version, and those of the packages that are named."""
    own = version("stations").partition("+")
    print("stations", own[0], "of a deployment" if own[2] else "as released")
    for name in sys.argv[1:]:
        print(name, version(name))
