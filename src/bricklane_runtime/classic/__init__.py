"""Classic Spark for a task: a session of its own in a Java virtual machine of its own."""
