package delays

import org.apache.spark.sql.SparkSession
import org.apache.spark.sql.functions.{col, sum, udf}

object Main {
  def main(arguments: Array[String]): Unit = {
    val Array("--catalog", catalog, task) = arguments
    val spark = SparkSession.active
    spark.sql(s"USE CATALOG $catalog")
    val same = udf((minutes: Long) => minutes)
    val total = spark.range(10).agg(sum(same(col("id")))).head().getLong(0)
    println(s"$task: $total in ${spark.catalog.currentCatalog()}")
  }
}
