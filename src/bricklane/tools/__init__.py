"""External programs that bricklane drives: found, fetched with a checksum, or built from pins."""
