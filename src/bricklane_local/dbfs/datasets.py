"""The folder ``/databricks-datasets`` that every workspace has.

Source: https://docs.databricks.com/en/discover/databricks-datasets.html. Of its many datasets there
are the sales orders of ``retail-org``, which the CLI's own project templates read. The orders are
made up here, always the same ones, in the columns of the published files.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = "databricks-datasets"
README = """\
These files are synthetic. They have the names and columns of the datasets that Databricks mounts at
/databricks-datasets, and rows that were made up.
"""
ORDERS, FILES, SEED = 400, 2, 20190801
# 2019-08-01 in UTC, in seconds since the epoch; the orders spread over three months from there.
FIRST, LAST = 1_564_617_600, 1_572_566_399
STORES = ("bryan electronics", "crestview sound", "harbor appliances", "tyler devices")
PRODUCTS = (("AVpfuJ4pilAPnD_xhDyM", "noise cancelling headphones", 249),
    ("AVpfPEx61cnluZ0-hgT1", "portable speaker", 99),
    ("AVpe7xlELJeJML43ypLz", "wireless charger", 39))  # fmt: skip


def lay(root: Path) -> None:
    """Write the folder below the root of a DBFS, unless it is there.

    Args:
        root: the folder behind ``dbfs:/``.
    """
    folder = root / FOLDER
    if folder.exists():
        return
    made = root / f".{FOLDER}"
    shutil.rmtree(made, ignore_errors=True)  # A server was killed while it wrote.
    orders = made / "retail-org" / "sales_orders"
    orders.mkdir(parents=True)
    (made / "README.md").write_text(README, "utf-8")
    lines = [json.dumps(order) + "\n" for order in _orders()]
    for number in range(FILES):
        file = orders / f"part-{number:05}-synthetic.json"
        file.write_text("".join(lines[number::FILES]), "utf-8")
    made.rename(folder)


def _orders() -> Iterator[dict[str, Any]]:
    chance = random.Random(SEED)  # noqa: S311  (the same rows everywhere)
    for number in range(1, ORDERS + 1):
        identifier, name, price = chance.choice(PRODUCTS)
        quantity = chance.randint(1, 4)
        customer = chance.randrange(len(STORES))
        product = {"id": identifier, "name": name, "curr": "USD", "price": price}
        product |= {"qty": quantity, "unit": "pcs", "promotion_info": None}
        yield {
            "clicked_items": [[identifier, str(chance.randint(40, 99))]],
            "customer_id": 10_000_000 + customer,
            "customer_name": STORES[customer],
            "number_of_line_items": "1",
            "order_datetime": str(chance.randint(FIRST, LAST)),
            "order_number": 319_000_000 + number,
            "ordered_products": [product],
            "promo_info": [],
        }
