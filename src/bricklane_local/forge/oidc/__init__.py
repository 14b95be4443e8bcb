"""OpenID Connect: ID tokens by which workflow jobs sign in elsewhere."""
