"""Resources of a workspace that are documents with an interface: one row a kind.

``kind.py`` says what a row has, ``records.py`` keeps the documents, ``operations.py`` makes routes
of rows, ``states.py`` moves what starts and stops. A kind without behaviour is its row; behaviour
stands beside it, as hooks of the row and as handlers of routes that only it has. ``families.py``
lists the kinds.
"""
