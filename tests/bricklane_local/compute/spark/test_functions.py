"""Names of functions in SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.real
Sql = Callable[..., list[tuple[Any, ...]]]


@pytest.mark.parametrize("name", ["nope", "dev.default.nope", "default.nope"])
def test_a_function_that_does_not_exist_is_named(sql: Sql, name: str) -> None:
    from pyspark.errors import AnalysisException

    with pytest.raises(AnalysisException) as refused:
        sql(f"SELECT {name}(1)")
    assert refused.value.getCondition() in {"UNRESOLVED_ROUTINE", "ROUTINE_NOT_FOUND"}
    assert "`nope`" in str(refused.value)
