"""The chain of delivery, link by link: another check is a row in its link's file."""

from __future__ import annotations

from bricklane.doctor.data import DATA
from bricklane.doctor.environments import ENVIRONMENTS
from bricklane.doctor.forge import FORGE
from bricklane.doctor.git import GIT
from bricklane.doctor.identity import IDENTITY
from bricklane.doctor.project import PROJECT
from bricklane.doctor.resolved import BUNDLE
from bricklane.doctor.tools import TOOLS

# In the order in which they are looked at: a row needs only rows before it.
LINKS = (TOOLS, PROJECT, GIT, FORGE, ENVIRONMENTS, IDENTITY, DATA, BUNDLE)
