"""The account: workspaces, the people and machines of all of them, and who may enter which."""
