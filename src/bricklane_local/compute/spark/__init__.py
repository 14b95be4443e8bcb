"""The Spark process of a local cloud: how it is built, started and watched."""
