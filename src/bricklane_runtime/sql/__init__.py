"""Sessions of SQL warehouses: statements in, files of results out."""
