"""Write sample tables: run as a program, so that no generator stays in the server's memory.

Arguments: the scale, then name and folder of each table. The name of each is printed once its
table is complete.
"""

from __future__ import annotations

import shutil
import sys

from bricklane_local.catalog.sampledata.tables import write

if __name__ == "__main__":
    scale, pairs = float(sys.argv[1]), sys.argv[2:]
    for name, folder in zip(pairs[::2], pairs[1::2], strict=True):
        # What an earlier writer left that was killed.
        shutil.rmtree(folder, ignore_errors=True)
        write(name, folder, scale)
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
