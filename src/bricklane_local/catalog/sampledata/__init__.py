"""The tables of the catalog ``samples``, made by random generators of fixed seed."""
