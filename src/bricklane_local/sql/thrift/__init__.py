"""The Thrift endpoint of SQL warehouses, which connectors and drivers speak to."""
