"""Releases, drafts among them, and the files attached to them."""
