"""The rehearsal: a scenario of GitFlow played for real on a forge and three workspaces."""
