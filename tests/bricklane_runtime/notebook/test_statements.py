import pytest
from hypothesis import given
from hypothesis import strategies as st

from bricklane_runtime.notebook.statements import markers, split, tokens, with_widgets


@pytest.mark.parametrize(
    ("sql", "statements"),
    [
        ("select 1", ["select 1"]),
        ("select 1;", ["select 1"]),
        ("a; b ;\n c", ["a", "b", "c"]),
        (" ;; -- nothing\n; /* x; */", []),
        ("select ';' , \"a;b\", `c;d` ; e", ["select ';' , \"a;b\", `c;d`", "e"]),
        (r"select 'it\'s; fine'; b", [r"select 'it\'s; fine'", "b"]),
        ("select 'it''s; fine'; b", ["select 'it''s; fine'", "b"]),
        ("a -- one; two\n; b", ["a -- one; two", "b"]),
        ("a /* x; /* y; */ z; */; b", ["a /* x; /* y; */ z; */", "b"]),
        ("begin declare x int; set x = 1; end; b", ["begin declare x int; set x = 1; end", "b"]),
        ("begin if a then b; end if; drop table if exists t; end; c", 2),
        ("begin select case when 1 then if(a, b, c) end; end; c", 2),
        ("begin begin a; end; while x do b; end while; end; c", 2),
        ("select begin from t; b", ["select begin from t", "b"]),
    ],
)
def test_splits_statements(sql: str, statements: list[str] | int) -> None:
    found = split(sql)
    if isinstance(statements, int):
        assert len(found) == statements
    else:
        assert found == statements


@given(st.text(alphabet="ab:;'\"`-/* \n\\$"))
def test_tokens_lose_nothing(sql: str) -> None:
    assert "".join(token.text for token in tokens(sql)) == sql


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select :a, :b_2 + :a", ["a", "b_2"]),
        ("select ':a', `:a`, \":a\" -- :a\n/* :a */", []),
        ("select x::int, payload:field, f(x):y, arr[0]:z", []),
        ("where a=:a", ["a"]),
    ],
)
def test_finds_parameter_markers(sql: str, names: list[str]) -> None:
    assert markers(sql) == names


@pytest.mark.parametrize(
    ("sql", "filled"),
    [
        ("select ${n}", "select it's"),
        ("select getArgument('n'), getArgument( \"n\" )", "select 'it\\'s', 'it\\'s'"),
        ("select ${spark.sql.ansi.enabled}", "select ${spark.sql.ansi.enabled}"),
    ],
)
def test_fills_in_widgets(sql: str, filled: str) -> None:
    assert with_widgets(sql, {"n": "it's"}.__getitem__) == filled
