"""Which environment of the forge stands for which target."""

from __future__ import annotations

from bricklane.project.settings import Settings


def environment_of(settings: Settings, target: str) -> str:
    """Return the forge's environment for a target: what the settings say, else its own name."""
    known = settings.targets.get(target)
    return (known.environment if known else "") or target


def targets_by_environment(settings: Settings) -> dict[str, str]:
    """Return environment → target, in the order of the bundle's targets."""
    return {environment_of(settings, target): target for target in settings.targets}
