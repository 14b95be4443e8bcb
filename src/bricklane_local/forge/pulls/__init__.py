"""Pull requests: opened, reviewed, kept in step with their branches, merged."""
