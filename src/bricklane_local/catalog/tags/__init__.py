"""Tags of catalogs, schemas, tables, columns and volumes."""
