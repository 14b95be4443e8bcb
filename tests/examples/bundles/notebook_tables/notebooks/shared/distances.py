# Databricks notebook source
KILOMETRES_PER_NAUTICAL_MILE = 1.852


def kilometres(miles: float) -> float:
    """Return a distance at sea in kilometres."""
    return miles * KILOMETRES_PER_NAUTICAL_MILE
