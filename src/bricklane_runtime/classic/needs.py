"""Whether Python code needs classic Spark, told from its text.

Source: https://docs.databricks.com/en/compute/standard-limitations.html (Spark API limitations) and
https://spark.apache.org/docs/latest/spark-connect-overview.html.
"""

from __future__ import annotations

import ast
import symtable
from collections import deque
from collections.abc import Iterable, Iterator

# Names that notebooks know without an import, unless their own code gives them a value.
NAMES = frozenset({"sc", "sqlContext"})
# Members of objects of classic Spark that those of Spark Connect do not have.
MEMBERS = frozenset(
    {
        *("rdd", "sparkContext", "SparkContext", "SQLContext", "HiveContext"),
        *("_sc", "_jvm", "_jsc", "_jdf", "_jrdd", "_jsparkSession", "_jwrite", "_jreader"),
    }
)
# Modules of what is made with a SparkContext only, and all that is in them.
MODULES = (
    *("py4j", "pyspark.accumulators", "pyspark.broadcast", "pyspark.context", "pyspark.core"),
    *("pyspark.mllib", "pyspark.rdd", "pyspark.sql.context", "pyspark.streaming"),
)
# Other modules that have some of it.
PARTLY: dict[str, frozenset[str]] = {
    "pyspark": frozenset({"Accumulator", "Broadcast", "RDD", "SparkContext", "SparkFiles"}),
    "pyspark.sql": frozenset({"HiveContext", "SQLContext"}),
    "databricks.sdk.runtime": NAMES,
}
TYPES_ONLY = "TYPE_CHECKING"


def first_need(texts: Iterable[str]) -> str | None:
    """Return the first thing in code that only classic Spark has, or None.

    Args:
        texts: of the code, whose global names are the same; one that is no Python is left out.
    """
    known = [(text, tree) for text in texts if (tree := parsed(text)) is not None]
    found = (_need(node) for _, tree in known for node in nodes(tree))
    given = sorted(_given(text for text, _ in known) & NAMES)
    return next((need for need in (*found, *given) if need), None)


def parsed(text: str) -> ast.Module | None:
    """Return the tree of a text, None when it is no Python, which running it will tell."""
    try:
        tree = ast.parse(text)
        symtable.symtable(text, "code", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return None
    return tree


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Return all nodes of a tree but those that only type checkers look at."""
    waiting = deque([tree])  # and not by recursion, for which long sums are too deep
    while waiting:
        node = waiting.popleft()
        yield node
        waiting.extend(_children(node))


def _children(node: ast.AST) -> Iterable[ast.AST]:
    if isinstance(node, ast.If) and _named(node.test) == TYPES_ONLY:
        return node.orelse
    return ast.iter_child_nodes(node)


def _named(node: ast.AST) -> str:
    """Return the last part of a name with or without dots, "" for anything else."""
    return str(getattr(node, "id", getattr(node, "attr", "")))


def _need(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        return f".{node.attr}" if node.attr in MEMBERS else None
    if isinstance(node, ast.Import):
        return next((item.name for item in node.names if _is_classic(item.name)), None)
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        if _is_classic(node.module):
            return node.module
        partly = PARTLY.get(node.module, frozenset())
        return next((item.name for item in node.names if item.name in partly), None)
    return None


def _is_classic(module: str) -> bool:
    return module in MODULES or module.startswith(tuple(f"{name}." for name in MODULES))


def _given(texts: Iterable[str]) -> set[str]:
    """Return the global names that code uses without ever giving them a value."""
    used: set[str] = set()
    valued: set[str] = set()
    for text in texts:
        for table in _scopes(symtable.symtable(text, "code", "exec")):
            for symbol in table.get_symbols():
                if table.get_type() == "module" or symbol.is_global():
                    names = valued if symbol.is_assigned() or symbol.is_imported() else used
                    names.add(symbol.get_name())
    return used - valued


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _scopes(child)
