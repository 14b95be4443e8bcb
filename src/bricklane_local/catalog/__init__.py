"""Unity Catalog: catalogs, schemas, tables, volumes and who may do what with them."""
