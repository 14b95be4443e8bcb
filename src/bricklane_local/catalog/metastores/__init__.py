"""The metastore as the account sees it: its life, and which workspaces it is assigned to."""
