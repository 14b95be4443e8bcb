"""What a repository lets the tokens of its jobs do."""

from __future__ import annotations

import pytest

from tests.bricklane_local.forge.actions.conftest import Bench
from tests.bricklane_local.forge.desk import branch

pytestmark = pytest.mark.real

OPEN = """
on: {push: {branches: [main]}}
permissions: {pull-requests: write}
jobs:
  open:
    runs-on: ubuntu-latest
    steps:
      - run: |
          curl --silent --header "Authorization: Bearer $TOKEN" "$API/repos/$REPOSITORY/pulls" \\
            --data '{"title": "t", "head": "more", "base": "main"}'
        env:
          TOKEN: ${{ github.token }}
          API: ${{ github.api_url }}
          REPOSITORY: ${{ github.repository }}
"""


def test_jobs_open_pull_requests_where_they_may(bench: Bench) -> None:
    branch(bench.repository, "more")
    path = f"{bench.path}/actions/permissions/workflow"
    bench.desk.ask("PUT", path, json={"can_approve_pull_request_reviews": False}).raise_for_status()
    bench.workflow(OPEN)
    said = bench.log(bench.run(), "open")
    assert "GitHub Actions is not permitted to create or approve pull requests." in said
    assert list(bench.repository.get_pulls()) == []
