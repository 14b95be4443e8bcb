"""Who is told of what runs do: e-mail addresses and notification destinations."""
