"""What lies directly below the metastore: credentials, external locations and connections."""
