import dlt
from money import euros


@dlt.table(comment="orders with a customer")
@dlt.expect_or_drop("known", "customer IS NOT NULL")
def clean():
    raw = spark.readStream.table(spark.conf.get("shop.raw"))
    return raw.select("customer", euros("cents").alias("amount"))
