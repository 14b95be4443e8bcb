"""Functions that a notebook hands to Spark."""


def area(width: float, height: float) -> float:
    """Return the area of a rectangle."""
    return width * height
