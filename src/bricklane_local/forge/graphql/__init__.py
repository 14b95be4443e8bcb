"""The few things that clients can ask only in GraphQL."""
