"""The workspace tree: directories, notebooks and files."""
