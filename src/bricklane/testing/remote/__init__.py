"""Test runs inside of a workspace: sent there as a job, followed, and brought back."""
