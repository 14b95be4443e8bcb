"""What a local cloud stands: killed processes, many runs, many schedules.

``python -m benchmarks.endurance kills|soak|schedules`` prints figures for numbers of your own;
those of the benchmark page are rows 10, 12 and 13 of ``python -m benchmarks``.
"""
