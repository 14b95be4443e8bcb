"""Flights out of New York City in 2013: landing, reports and checks."""
