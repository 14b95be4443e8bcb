"""Small programs in the place of well-known actions, for machines without a network."""
