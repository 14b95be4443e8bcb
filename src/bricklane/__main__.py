"""``python -m bricklane``."""

from __future__ import annotations

from bricklane.cli.main import main

if __name__ == "__main__":
    main()
