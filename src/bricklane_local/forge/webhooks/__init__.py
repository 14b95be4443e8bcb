"""Webhooks: events sent to other servers, signed, retried, and remembered."""
