"""Python packages of job environments, installed once for each set of requirements.

An *overlay* is a folder with what a task needs beyond the runtime's own environment; it comes first
on the task's module search path. Overlays are named by a digest of what they were made from, so two
jobs with the same requirements share one, and a wheel that was built anew gets a new one.
"""

from bricklane_local.compute.environments.errors import EnvironmentFailure
from bricklane_local.compute.environments.overlays import Environments, Overlay

__all__ = ["EnvironmentFailure", "Environments", "Overlay"]
