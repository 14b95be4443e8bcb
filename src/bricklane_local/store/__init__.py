"""Durable state: JSON documents in SQLite and content-addressed blobs. Knows nothing of HTTP."""
