"""Clusters, and what they are made of: policies, instance pools, libraries, init scripts."""
