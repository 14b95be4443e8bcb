"""What a repository forbids: rulesets and classic protection, and the one place that judges."""
