"""Delivery: what joins GitFlow, the bundle and the forge."""
