"""Git folders of the workspace tree."""
