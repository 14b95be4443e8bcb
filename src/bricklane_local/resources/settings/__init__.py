"""Settings of a workspace: configuration, IP access lists, tokens, credentials, destinations."""
