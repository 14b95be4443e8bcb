"""The REST routes of Actions, by subject."""
