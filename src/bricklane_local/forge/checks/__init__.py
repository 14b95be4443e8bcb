"""What is said of commits: statuses and check runs."""
