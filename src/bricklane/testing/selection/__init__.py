"""Which tests a change may break: found in imports, notebooks and resources, never guessed."""
