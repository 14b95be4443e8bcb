"""What runs inside the local cloud's compute: task workers, notebooks and ``dbutils``.

It lives in the Python environment of the runs, not in bricklane's own, and so imports neither
``bricklane`` nor ``bricklane_local``.
"""
