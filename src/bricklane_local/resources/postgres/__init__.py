"""PostgreSQL projects (Lakebase), with their branches, endpoints, roles and databases."""
