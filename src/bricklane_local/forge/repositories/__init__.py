"""Repositories, who may do what with them, and where git keeps them."""
