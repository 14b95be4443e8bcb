"""Tests of notebooks, scripts and bundles: a pytest plugin, levels, reports, static checks."""
