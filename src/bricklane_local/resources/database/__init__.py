"""Database instances, with the catalogs and synced tables that belong to them."""
