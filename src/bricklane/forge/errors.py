"""What can go wrong between bricklane and a forge."""

from __future__ import annotations

from bricklane.errors import BricklaneError


class ForgeError(BricklaneError):
    """The forge refused, or could not be asked."""


class ForgeConflict(ForgeError):  # noqa: N818  (what happened, told by its name)
    """What was asked contradicts what is there: a merge conflict, a name that is taken."""


class ForgeForbidden(ForgeError):  # noqa: N818
    """The token may not do this, or a rule of the repository forbids it."""


class ForgeUnavailable(ForgeError):  # noqa: N818
    """The forge could not be reached, or kept answering 5xx or 429, however often it was asked."""


class ForgeUnauthenticated(ForgeError):  # noqa: N818
    """The forge does not know the token: it is wrong, was revoked or has expired."""
