"""Levels of tests: their commands, what they are told, and how they run one after another."""
