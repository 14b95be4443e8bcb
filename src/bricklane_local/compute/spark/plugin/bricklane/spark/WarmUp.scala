package bricklane.spark

import java.nio.file.Files

import org.apache.commons.io.FileUtils
import org.apache.spark.sql.classic.SparkSession

/** Runs once what most first cells do, so that the user does not wait for class loading. */
object WarmUp {

  def run(session: SparkSession): Unit = {
    val folder = Files.createTempDirectory("bricklane-warm-up-")
    try {
      val warm = session.newSession()
      val table = s"delta.`file:$folder/table`"
      Seq(
        s"CREATE TABLE $table (id BIGINT, name STRING) USING delta",
        s"INSERT INTO $table SELECT id, concat('row ', id) FROM range(10)",
        s"SELECT name, count(*) FROM $table WHERE id > 1 GROUP BY name ORDER BY name")
        .foreach(warm.sql(_).collect())
    } finally FileUtils.deleteDirectory(folder.toFile)
  }
}
