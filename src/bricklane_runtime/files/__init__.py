"""Shows the folders of the local cloud under the paths that user code writes.

``/Workspace``, ``/Volumes`` and ``/dbfs`` are no folders of this machine. :mod:`.roots` knows where
they are, :mod:`.patches` makes Python's file functions go there.
"""
