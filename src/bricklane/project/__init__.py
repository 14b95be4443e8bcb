"""A project as bricklane reads it, and the commands that make, adopt and update one."""
