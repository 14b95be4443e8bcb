"""Issues, and what pull requests share with them: numbers, comments, labels, assignees."""
