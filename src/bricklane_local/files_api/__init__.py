"""Files of volumes."""
