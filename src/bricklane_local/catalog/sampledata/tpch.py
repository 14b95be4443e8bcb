"""The eight tables of ``samples.tpch``: the published columns, rows of our own.

Columns and sizes: https://www.tpc.org/tpch/ (specification) as Databricks publishes them
(https://docs.databricks.com/discover/databricks-datasets.html). Rows follow the specification's
ranges and keys so that its queries give results, but are no output of its generator.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from bricklane_local.catalog.sampledata.model import Row, Rows, SampleTable, text

REGIONS = ("AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST")
# Nation → region, in the specification's order of keys.
NATIONS = (
    ("ALGERIA", 0), ("ARGENTINA", 1), ("BRAZIL", 1), ("CANADA", 1), ("EGYPT", 4), ("ETHIOPIA", 0),
    ("FRANCE", 3), ("GERMANY", 3), ("INDIA", 2), ("INDONESIA", 2), ("IRAN", 4), ("IRAQ", 4),
    ("JAPAN", 2), ("JORDAN", 4), ("KENYA", 0), ("MOROCCO", 0), ("MOZAMBIQUE", 0), ("PERU", 1),
    ("CHINA", 2), ("ROMANIA", 3), ("SAUDI ARABIA", 4), ("VIETNAM", 2), ("RUSSIA", 3),
    ("UNITED KINGDOM", 3), ("UNITED STATES", 1),
)  # fmt: skip
SEGMENTS = ("AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY")
PRIORITIES = ("1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW")
MODES = ("AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK")
INSTRUCTIONS = ("COLLECT COD", "DELIVER IN PERSON", "NONE", "TAKE BACK RETURN")
COLORS = ("almond", "azure", "beige", "forest", "green", "ivory", "navy", "plum", "red", "tan")
SIZES = ("SM", "MED", "LG", "JUMBO", "WRAP")
BOXES = ("BAG", "BOX", "CAN", "CASE", "DRUM", "JAR", "PACK", "PKG")
KINDS = ("ECONOMY", "LARGE", "MEDIUM", "PROMO", "SMALL", "STANDARD")
FINISHES = ("ANODIZED", "BRUSHED", "BURNISHED", "PLATED", "POLISHED")
METALS = ("BRASS", "COPPER", "NICKEL", "STEEL", "TIN")
FIRST, LAST, TODAY = date(1992, 1, 1), date(1998, 8, 2), date(1995, 6, 17)


def _count(base: int, scale: float) -> int:
    return max(10, int(base * scale))


def _phone(generator: random.Random, nation: int) -> str:
    parts = generator.randrange(100, 1000), generator.randrange(100, 1000)
    return f"{nation + 10}-{parts[0]}-{parts[1]}-{generator.randrange(1000, 10000)}"


def _price(part: int) -> float:
    return round((90_000 + (part // 10) % 20_001 + 100 * (part % 1000)) / 100, 2)


def region(generator: random.Random, _scale: float) -> Iterator[Row]:
    """Yield the regions."""
    for key, name in enumerate(REGIONS):
        yield key, name, text(generator, 5)


def nation(generator: random.Random, _scale: float) -> Iterator[Row]:
    """Yield the nations."""
    for key, (name, of) in enumerate(NATIONS):
        yield key, name, of, text(generator, 5)


def supplier(generator: random.Random, scale: float) -> Iterator[Row]:
    """Yield suppliers."""
    for key in range(1, _count(10_000, scale) + 1):
        of = generator.randrange(len(NATIONS))
        balance = round(generator.uniform(-999.99, 9999.99), 2)
        name, address = f"Supplier#{key:09d}", text(generator, 2)
        yield key, name, address, of, _phone(generator, of), balance, text(generator, 6)


def customer(generator: random.Random, scale: float) -> Iterator[Row]:
    """Yield customers."""
    for key in range(1, _count(150_000, scale) + 1):
        of = generator.randrange(len(NATIONS))
        balance = round(generator.uniform(-999.99, 9999.99), 2)
        name, segment = f"Customer#{key:09d}", generator.choice(SEGMENTS)
        phone = _phone(generator, of)
        yield key, name, text(generator, 2), of, phone, balance, segment, text(generator, 6)


def part(generator: random.Random, scale: float) -> Iterator[Row]:
    """Yield parts."""
    for key in range(1, _count(200_000, scale) + 1):
        maker = generator.randrange(1, 6)
        kind = " ".join(generator.choice(words) for words in (KINDS, FINISHES, METALS))
        yield (
            key,
            " ".join(generator.sample(COLORS, 5)),
            f"Manufacturer#{maker}",
            f"Brand#{maker}{generator.randrange(1, 6)}",
            kind,
            generator.randrange(1, 51),
            f"{generator.choice(SIZES)} {generator.choice(BOXES)}",
            _price(key),
            text(generator, 2),
        )


def partsupp(generator: random.Random, scale: float) -> Iterator[Row]:
    """Yield what suppliers ask for parts."""
    suppliers = _count(10_000, scale)
    for key in range(1, _count(200_000, scale) + 1):
        for offset in range(4):
            of = (key + offset * (suppliers // 4 + 1)) % suppliers + 1
            cost = round(generator.uniform(1, 1000), 2)
            yield key, of, generator.randrange(1, 10_000), cost, text(generator, 8)


def _orders(scale: float) -> Iterator[tuple[int, int, date, list[Row]]]:
    """Yield key, customer, date and lines of each order: two tables are made of them."""
    generator = random.Random(1992)  # noqa: S311  (no secret; it must be the same everywhere)
    customers, parts = _count(150_000, scale), _count(200_000, scale)
    suppliers = _count(10_000, scale)
    for number in range(_count(1_500_000, scale)):
        # The specification leaves gaps: eight keys of each thirty-two are used.
        key = number // 8 * 32 + number % 8 + 1
        buyer = generator.randrange(customers) + 1
        day = FIRST + timedelta(days=generator.randrange((LAST - FIRST).days + 1))
        lines = [
            _line(generator, key, line, day, parts, suppliers)
            for line in range(1, generator.randrange(1, 8) + 1)
        ]
        yield key, buyer, day, lines


def _line(
    generator: random.Random, order: int, line: int, day: date, parts: int, suppliers: int
) -> Row:
    item, quantity = generator.randrange(parts) + 1, generator.randrange(1, 51)
    of = (item + generator.randrange(4) * (suppliers // 4 + 1)) % suppliers + 1
    shipped = day + timedelta(days=generator.randrange(1, 122))
    received = shipped + timedelta(days=generator.randrange(1, 31))
    returned = generator.choice("RA") if received <= TODAY else "N"
    return (
        order,
        item,
        of,
        line,
        float(quantity),
        round(quantity * _price(item), 2),
        generator.randrange(11) / 100,
        generator.randrange(9) / 100,
        returned,
        "F" if shipped <= TODAY else "O",
        shipped,
        day + timedelta(days=generator.randrange(30, 91)),
        received,
        generator.choice(INSTRUCTIONS),
        generator.choice(MODES),
        text(generator, 4),
    )


def orders(generator: random.Random, scale: float) -> Iterator[Row]:
    """Yield orders."""
    for key, buyer, day, lines in _orders(scale):
        states = {line[9] for line in lines}
        total = round(sum(line[5] * (1 + line[7]) * (1 - line[6]) for line in lines), 2)
        yield (
            key,
            buyer,
            states.pop() if len(states) == 1 else "P",
            total,
            day,
            generator.choice(PRIORITIES),
            f"Clerk#{generator.randrange(1, _count(1000, scale) + 1):09d}",
            0,
            text(generator, 6),
        )


def lineitem(_generator: random.Random, scale: float) -> Iterator[Row]:
    """Yield the lines of orders."""
    for _, _, _, lines in _orders(scale):
        yield from lines


_MONEY = "decimal(18,2)"
_SAID = "Synthetic rows with the published columns of TPC-H's {}; not made by its generator"


def _table(name: str, columns: str, rows: Rows) -> SampleTable:
    return SampleTable(name, columns, rows, _SAID.format(name))


TABLES = (
    _table("region", "r_regionkey bigint, r_name string, r_comment string", region),
    _table(
        "nation",
        "n_nationkey bigint, n_name string, n_regionkey bigint, n_comment string",
        nation,
    ),
    _table(
        "supplier",
        "s_suppkey bigint, s_name string, s_address string, s_nationkey bigint, s_phone string, "
        f"s_acctbal {_MONEY}, s_comment string",
        supplier,
    ),
    _table(
        "customer",
        "c_custkey bigint, c_name string, c_address string, c_nationkey bigint, c_phone string, "
        f"c_acctbal {_MONEY}, c_mktsegment string, c_comment string",
        customer,
    ),
    _table(
        "part",
        "p_partkey bigint, p_name string, p_mfgr string, p_brand string, p_type string, "
        f"p_size int, p_container string, p_retailprice {_MONEY}, p_comment string",
        part,
    ),
    _table(
        "partsupp",
        f"ps_partkey bigint, ps_suppkey bigint, ps_availqty int, ps_supplycost {_MONEY}, "
        "ps_comment string",
        partsupp,
    ),
    _table(
        "orders",
        f"o_orderkey bigint, o_custkey bigint, o_orderstatus string, o_totalprice {_MONEY}, "
        "o_orderdate date, o_orderpriority string, o_clerk string, o_shippriority int, "
        "o_comment string",
        orders,
    ),
    _table(
        "lineitem",
        "l_orderkey bigint, l_partkey bigint, l_suppkey bigint, l_linenumber int, "
        f"l_quantity {_MONEY}, l_extendedprice {_MONEY}, l_discount {_MONEY}, l_tax {_MONEY}, "
        "l_returnflag string, l_linestatus string, l_shipdate date, l_commitdate date, "
        "l_receiptdate date, l_shipinstruct string, l_shipmode string, l_comment string",
        lineitem,
    ),
)
