"""The six tables of ``samples.bakehouse``: the published columns, rows of our own.

Columns: https://docs.databricks.com/discover/databricks-datasets.html (bakehouse).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bricklane_local.catalog.sampledata.model import Row, Rows, SampleTable, text

FRANCHISES, SUPPLIERS, CUSTOMERS, TRANSACTIONS, REVIEWS = 48, 27, 300, 3333, 204
# City, district, country, continent, longitude and latitude in degrees.
PLACES = (
    ("Tokyo", "Shibuya", "Japan", "Asia", 139.70, 35.66),
    ("Paris", "Le Marais", "France", "Europe", 2.36, 48.86),
    ("Chicago", "The Loop", "US", "North America", -87.63, 41.88),
    ("Stockholm", "Vasastan", "Sweden", "Europe", 18.05, 59.34),
    ("Sydney", "Newtown", "Australia", "Oceania", 151.18, -33.90),
    ("Toronto", "Leslieville", "Canada", "North America", -79.33, 43.66),
)
PRODUCTS = (
    "Golden Gate Ginger",
    "Austin Almond Biscotti",
    "Outback Oatmeal",
    "Tokyo Tidbits",
    "Pearly Pies",
    "Orchard Oasis",
)
INGREDIENTS = ("butter", "cocoa", "flour", "ginger", "almonds", "oats", "sugar", "vanilla", "eggs")
NAMES = ("Ada", "Ben", "Cleo", "Dov", "Ema", "Finn", "Gia", "Hugo", "Ines", "Jon", "Kai", "Lea")
SURNAMES = ("Berg", "Cruz", "Dahl", "Evans", "Foss", "Grant", "Holm", "Ito", "Jones", "Kerr")
FIRST = datetime(2024, 5, 1, tzinfo=UTC)


def franchises(generator: random.Random, _scale: float) -> Iterator[Row]:
    """Yield franchises."""
    for key in range(FRANCHISES):
        city, district, country, _, east, north = PLACES[key % len(PLACES)]
        yield (
            3_000_000 + key,
            f"{text(generator, 1).title()} Crumbs {key}",
            city,
            district,
            str(generator.randrange(10_000, 99_999)),
            country,
            generator.choice(("S", "M", "L", "XL", "XXL")),
            round(east + generator.uniform(-0.1, 0.1), 6),
            round(north + generator.uniform(-0.1, 0.1), 6),
            4_000_000 + key % SUPPLIERS,
        )


def suppliers(generator: random.Random, _scale: float) -> Iterator[Row]:
    """Yield suppliers."""
    for key in range(SUPPLIERS):
        city, district, _, continent, east, north = PLACES[key % len(PLACES)]
        ingredient = INGREDIENTS[key % len(INGREDIENTS)]
        yield (
            4_000_000 + key,
            f"{text(generator, 1).title()} {ingredient.title()}",
            ingredient,
            continent,
            city,
            district,
            generator.choice(("S", "M", "L", "XL")),
            east,
            north,
            generator.choice(("Y", "Y", "N")),
        )


def customers(generator: random.Random, _scale: float) -> Iterator[Row]:
    """Yield customers."""
    for key in range(CUSTOMERS):
        city, district, country, continent, _, _ = generator.choice(PLACES)
        first, last = generator.choice(NAMES), generator.choice(SURNAMES)
        yield (
            2_000_000 + key,
            first,
            last,
            f"{first}.{last}{key}@example.com".lower(),
            f"555-{generator.randrange(1000, 10_000)}",
            f"{generator.randrange(1, 400)} {text(generator, 1).title()} Street",
            city,
            district,
            country,
            continent,
            generator.randrange(10_000, 99_999),
            generator.choice(("female", "male")),
        )


def transactions(generator: random.Random, _scale: float) -> Iterator[Row]:
    """Yield sales, in the order of time."""
    for key in range(TRANSACTIONS):
        quantity, price = generator.randrange(1, 41), 3
        moment = FIRST + timedelta(seconds=key * 420 + generator.randrange(420))
        yield (
            1_000_000 + key,
            2_000_000 + generator.randrange(CUSTOMERS),
            3_000_000 + generator.randrange(FRANCHISES),
            moment,
            generator.choice(PRODUCTS),
            quantity,
            price,
            quantity * price,
            generator.choice(("visa", "mastercard", "amex")),
            generator.randrange(10**15, 10**16),
        )


def _reviews() -> Iterator[tuple[int, int, datetime, str]]:
    generator = random.Random(2024)  # noqa: S311  (no secret; it must be the same everywhere)
    for key in range(REVIEWS):
        franchise = 3_000_000 + generator.randrange(FRANCHISES)
        moment = FIRST + timedelta(hours=key * 2)
        said = f"The {generator.choice(PRODUCTS)} of this shop: {text(generator, 30)}."
        yield key, franchise, moment, said


def reviews(_generator: random.Random, _scale: float) -> Iterator[Row]:
    """Yield reviews."""
    for key, franchise, moment, said in _reviews():
        yield said, franchise, moment, key


def chunks(_generator: random.Random, _scale: float) -> Iterator[Row]:
    """Yield reviews in pieces."""
    for key, franchise, moment, said in _reviews():
        half = said.index(" ", len(said) // 2)
        for number, piece in enumerate((said[:half], said[half + 1 :])):
            yield franchise, moment, piece, f"{key}_{number}", f"review-{key}"


def _table(name: str, columns: str, rows: Rows) -> SampleTable:
    comment = f"Synthetic rows with the published columns of {name}; the rows are made up"
    return SampleTable(name, columns, rows, comment)


TABLES = (
    _table(
        "sales_franchises",
        "franchiseID bigint, name string, city string, district string, zipcode string, "
        "country string, size string, longitude double, latitude double, supplierID bigint",
        franchises,
    ),
    _table(
        "sales_suppliers",
        "supplierID bigint, name string, ingredient string, continent string, city string, "
        "district string, size string, longitude double, latitude double, approved string",
        suppliers,
    ),
    _table(
        "sales_customers",
        "customerID bigint, first_name string, last_name string, email_address string, "
        "phone_number string, address string, city string, state string, country string, "
        "continent string, postal_zip_code bigint, gender string",
        customers,
    ),
    _table(
        "sales_transactions",
        "transactionID bigint, customerID bigint, franchiseID bigint, dateTime timestamp, "
        "product string, quantity bigint, unitPrice bigint, totalPrice bigint, "
        "paymentMethod string, cardNumber bigint",
        transactions,
    ),
    _table(
        "media_customer_reviews",
        "review string, franchiseID bigint, review_date timestamp, new_id int",
        reviews,
    ),
    _table(
        "media_gold_reviews_chunked",
        "franchiseID bigint, review_date timestamp, chunked_text string, chunk_id string, "
        "review_uri string",
        chunks,
    ),
)
