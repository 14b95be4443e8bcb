"""What a local cloud stands: killed processes, many runs, many schedules.

``python -m benchmarks.endurance kills|soak|schedules``: nothing here has a peer to be compared
with, so the figures are printed and not kept.
"""
