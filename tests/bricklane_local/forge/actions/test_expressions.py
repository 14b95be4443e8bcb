from __future__ import annotations

import math
from typing import Any

import pytest

from bricklane_local.forge.actions.expressions import (
    Contexts,
    ExpressionError,
    evaluate,
    fold_condition,
    fold_template,
    parse,
    parse_condition,
    render,
    text_of,
    truthy,
)
from bricklane_local.forge.actions.expressions.folding import Known, guarded

GITHUB = {
    "ref": "refs/heads/main",
    "actor": "Ann",
    "event": {
        "number": 7,
        "labels": [{"name": "bug"}, {"name": "help"}, {"other": 1}],
        "nested": {"a": {"v": 1}, "b": {"v": 2}},
    },
}
VALUES: dict[str, Any] = {
    "github": GITHUB,
    "env": {"EMPTY": "", "N": "10"},
    "needs": {"build": {"result": "success", "outputs": {"v": "1.2"}}},
    "matrix": {"os": "linux"},
    "inputs": {"flag": True},
}


def value(text: str) -> Any:
    return evaluate(parse(text), Contexts(VALUES, {"success": lambda _: True}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("null", None),
        ("true", True),
        ("-9.2", -9.2),
        ("0xff", 255),
        ("0o17", 15),
        ("-2.99e-2", -0.0299),
        (".5", 0.5),
        ("Infinity", math.inf),
        ("'it''s'", "it's"),
        ("''", ""),
        ("'}} ${{'", "}} ${{"),
        # properties
        ("github.ref", "refs/heads/main"),
        ("GITHUB.REF", "refs/heads/main"),
        ("github['actor']", "Ann"),
        ("github.event.number", 7),
        ("github.absent.deeper", None),
        ("github.event.labels[0].name", "bug"),
        ("github.event.labels[9]", None),
        ("github.event.labels.*.name", ["bug", "help"]),
        ("github.event.nested.*.v", [1, 2]),
        ("github.event.labels[*].name", ["bug", "help"]),
        ("needs.*.result", ["success"]),
        ("matrix[format('{0}', 'os')]", "linux"),
        # operators
        ("!true", False),
        ("!!''", False),
        ("1 < 2 && 2 <= 2", True),
        ("3 > 4 || 4 >= 4", True),
        ("'ABC' == 'abc'", True),
        ("'abc' < 'ABD'", True),
        ("null == ''", True),
        ("null == 0", True),
        ("true == 1", True),
        ("'0x10' == 16", True),
        ("' 10 ' == 10", True),
        ("'x' == 0", False),
        ("'x' != 0", True),
        ("NaN == NaN", False),
        ("github.event == github.event", True),
        ("github.event.labels == github.event.nested", False),
        ("github.event > 1", False),
        ("'a' && 'b'", "b"),
        ("'' || 'c'", "c"),
        ("false && unheard || 'd'", "d"),
        ("0 || false", False),
        ("1 == 1 == true", True),
        ("1 + 1", None),
        ("true && (false || 'x')", "x"),
        ("!(1 == 2)", True),
        # functions
        ("contains('Hello', 'ELL')", True),
        ("contains(github.event.labels.*.name, 'BUG')", True),
        ("contains(github.event.labels.*.name, 'u')", False),
        ("contains(fromJSON('[1, 2]'), '2')", True),
        ("contains(github.event, 'x')", False),
        ("startsWith('refs/heads/x', 'REFS/')", True),
        ("endsWith('a.md', '.MD')", True),
        ("format('{0}-{1}-{0}', 'a', 1)", "a-1-a"),
        ("format('{{0}} {0}', true)", "{0} true"),
        ("join(fromJSON('[1, \"b\", null]'), '-')", "1-b-"),
        ("join('x')", "x"),
        ("join(github.event.labels.*.name)", "bug,help"),
        ("toJSON(fromJSON('{\"a\": [1, 2.5, null, true]}'))", None),
        ("toJSON('x\"y')", '"x\\"y"'),
        ('fromJSON(\'{"a": {"b": 3}}\').a.b', 3),
        ("always()", True),
        ("success() && 'yes'", "yes"),
    ],
)
def test_values_of_expressions(text: str, expected: Any) -> None:
    if text == "1 + 1" or "unheard" in text:
        with pytest.raises(ExpressionError):
            value(text)
    elif text.startswith("toJSON(fromJSON"):
        assert value(text) == '{\n  "a": [\n    1,\n    2.5,\n    null,\n    true\n  ]\n}'
    else:
        assert value(text) == expected
        assert type(value(text)) in (type(expected), int, float) or isinstance(expected, list)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (7, "7"),
        (7.0, "7"),
        (-0.5, "-0.5"),
        (1e20, "1E+20"),
        (0.1 + 0.2, "0.3"),
        (1000041, "1000041"),
        (math.nan, "NaN"),
        (True, "true"),
        (None, ""),
        ([1], "Array"),
        ({"a": 1}, "Object"),
    ],
)
def test_values_as_text(number: Any, text: str) -> None:
    assert text_of(number) == text


@pytest.mark.parametrize(
    ("given", "expected"), [("0", True), (0, False), (math.nan, False), ([], True), ({}, True)]
)
def test_truth(given: Any, expected: bool) -> None:
    assert truthy(given) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("github.ref = 'x'", "Unexpected symbol: '='. Located at position 12"),
        ("foo", "Unrecognized named-value: 'foo'. Located at position 1"),
        ("foo()", "Unrecognized function: 'foo'"),
        ("github.", "Unexpected end of expression"),
        ("(1", "Unexpected end of expression"),
        ("contains('a')", "Too few parameters supplied: 'contains'"),
        ("always(1)", "Too many parameters supplied: 'always'"),
        ("'open", "Unexpected symbol: '''"),
        ("!" * 60 + "true", "Exceeded max expression depth"),
        ("1 2", "Unexpected symbol: '2'"),
        ('"double"', "Unexpected symbol: '\"'"),
        ("", "Unexpected end of expression"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("secrets.X", "Unrecognized named-value: 'secrets'"),
        ("failure()", "The function 'failure' is not available here"),
        ("fromJSON('{')", "Error from function 'fromJSON'"),
        ("format('{1}', 1)", "references more arguments"),
        ("format('{')", "format string is invalid"),
    ],
)
def test_what_cannot_be_evaluated_is_said(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        value(text)
    assert message in caught.value.message


def test_templates_keep_the_kind_of_a_lone_expression() -> None:
    contexts = Contexts(VALUES)
    assert render("${{ github.event.number }}", contexts) == 7
    assert render("#${{ github.event.number }}!", contexts) == "#7!"
    assert render("${{ '}}' }}${{ 'b' }}", contexts) == "}}b"
    assert render("plain", contexts) == "plain"
    with pytest.raises(ExpressionError, match="not closed"):
        render("a ${{ github.ref", contexts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("github.event.number == 7", True),
        ("${{ github.event.number == 8 }}", False),
        # Text around an expression makes a text, and that is true.
        ("${{ false }} && ${{ false }}", True),
    ],
)
def test_conditions_stand_with_and_without_braces(text: str, expected: bool) -> None:
    assert truthy(evaluate(parse_condition(text), Contexts(VALUES))) is expected


KNOWN = Known(
    {"github": {"ref_name": "a'b", "event": {"n": 3}}, "needs": VALUES["needs"]}, {"github"}
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("echo ${{ github.ref_name }}", "echo ${{ 'a''b' }}"),
        ("${{ github.token }}", "${{ github.token }}"),
        ("${{ github.event.n == 3 && steps.x.outputs.y }}", "${{ steps.x.outputs.y }}"),
        ("${{ needs.build.result == 'failure' && steps.x }}", "${{ false }}"),
        ("${{ steps['x-y'].outputs }}", "${{ steps['x-y'].outputs }}"),
        (
            "${{ contains(needs.*.result, env.X) }}",
            "${{ contains(fromJSON('[\"success\"]'), env.X) }}",
        ),
        ("${{ !env.X || hashFiles('a', 'b') }}", "${{ (!(env.X) || hashFiles('a', 'b')) }}"),
        ("${{ secrets.A }}-${{ needs.build.outputs.v }}", "${{ secrets.A }}-${{ '1.2' }}"),
        ("${{ toJSON(steps) }}", "${{ toJSON(steps) }}"),
    ],
)
def test_folding_replaces_what_is_known(text: str, expected: str) -> None:
    assert fold_template(text, KNOWN) == expected


def test_folded_conditions_keep_their_status_functions() -> None:
    assert fold_condition("always() && github.event.n == 3", KNOWN) == "${{ (always() && true) }}"
    assert fold_condition("${{ failure() }}", KNOWN) == "${{ failure() }}"


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("text", ["plain", "${{secrets.X}}", "a '${{ '' }}", "it's ${{"])
def test_guarded_text_survives_being_evaluated(text: str, times: int) -> None:
    found = guarded(text, times)
    for _ in range(times):
        found = text_of(render(found, Contexts({}))) if "${{" in found else found
    assert found == text
