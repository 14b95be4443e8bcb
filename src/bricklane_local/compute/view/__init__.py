"""The workspace tree as files, which is what runs see and write under ``/Workspace``.

:mod:`.placing` writes the tree into a folder, :mod:`.collecting` takes into the tree what runs did
to that folder.
"""

from bricklane_local.compute.view.placing import WorkspaceView

__all__ = ["WorkspaceView"]
