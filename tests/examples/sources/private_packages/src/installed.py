"""Says which version is installed of each package that is named."""

import sys
from importlib.metadata import version

for name in sys.argv[1:]:
    print(name, version(name))
