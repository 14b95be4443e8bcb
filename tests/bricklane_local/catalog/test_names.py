"""Names of securables."""

from __future__ import annotations

import pytest

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.kinds import CATALOG, SCHEMA, TABLE, Kind
from bricklane_local.catalog.names import full_name_of, normal, parent_of


@pytest.mark.parametrize("name", ["a", "A_b-1", "ünï", "x" * 255, "a%b"])
def test_name_is_kept_in_lower_case(name: str) -> None:
    assert normal(name, "Table") == name.lower()


@pytest.mark.parametrize("name", ["", "a.b", "a b", "a/b", "a\tb", "a\x7fb", "x" * 256])
def test_forbidden_name_is_refused_with_its_kind(name: str) -> None:
    with pytest.raises(ApiError, match="Table name") as error:
        normal(name, "Table")
    assert error.value.code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize(
    ("name", "kind", "form"),
    [
        ("a.b", CATALOG, "catalog"),
        ("a", SCHEMA, "catalog.schema"),
        ("a..c", TABLE, "catalog.schema.name"),
        ("a.b.c.d", TABLE, "catalog.schema.name"),
    ],
)
def test_full_name_of_another_form_is_refused(name: str, kind: Kind, form: str) -> None:
    with pytest.raises(ApiError) as error:
        full_name_of(name, kind)
    assert error.value.message.endswith(f"it must have the form {form}")


def test_parent_is_what_stands_before_the_last_period() -> None:
    assert parent_of("a.b.c") == "a.b"
    assert parent_of("a") == ""
