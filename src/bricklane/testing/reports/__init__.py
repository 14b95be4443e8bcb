"""Reports of test runs: recorded inside of pytest, read, merged over levels, written for people."""
