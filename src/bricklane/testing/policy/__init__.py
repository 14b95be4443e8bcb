"""Policy tests of a bundle: rules on what a target's resources must be like.

A project adds rules of its own in ``bricklane_policy.py`` beside ``databricks.yml``::

    from bricklane.testing.policy import Resource, Severity, rule

    @rule("cost-centre", kinds=["jobs"], title="Jobs say who pays", fix="tags: {cost_centre: …}")
    def cost_centre(job: Resource):
        if "cost_centre" not in job.table("tags"):
            yield job.problem("it has no tag cost_centre", "tags")
"""

from __future__ import annotations

from bricklane.testing.policy.model import Problem, Resource, Rule, Severity, Target, rule

__all__ = ["Problem", "Resource", "Rule", "Severity", "Target", "rule"]
