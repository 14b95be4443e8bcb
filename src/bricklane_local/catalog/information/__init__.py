"""What ``information_schema`` shows, as tables of views; Spark asks for their rows."""
