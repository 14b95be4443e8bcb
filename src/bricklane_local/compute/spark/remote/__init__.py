"""A Spark that somebody else runs, used by the cloud in place of one of its own."""
