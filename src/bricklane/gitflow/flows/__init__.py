"""The flows: each a tuple of steps over a world that it observes and acts on."""
