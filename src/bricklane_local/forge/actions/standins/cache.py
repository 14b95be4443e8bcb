"""Finds nothing and keeps nothing: on one machine, tools have caches of their own."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Say that there is no cache."""
    print(f"This is a stand-in for {sys.argv[1]}, a part of the local forge: it keeps nothing.")
    if os.environ.get("INPUT_FAIL-ON-CACHE-MISS", "").lower() == "true":
        sys.exit("::error::there is no cache here, and fail-on-cache-miss is set")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write("cache-hit=false\n")


main()
