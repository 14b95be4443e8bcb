package bricklane.spark

import org.apache.spark.sql.internal.SQLConf

/**
 * What a table is loaded for; the catalog checks the caller's privileges against it.
 *
 * Spark says for which statement a table is loaded at one level of the call and loads it at
 * another, so the need to write is noted for the thread in between.
 */
object Access {
  private val writing = new ThreadLocal[Boolean] { override def initialValue = false }

  /** Runs `body`, in which tables are loaded to be written. */
  def toWrite[T](body: => T): T = {
    val before = writing.get
    writing.set(true)
    try body
    finally writing.set(before)
  }

  /**
   * Asks the catalog whether the caller may use the data of a table, as clients of Unity Catalog
   * do by requesting credentials for it
   * (https://docs.databricks.com/api/workspace/temporarytablecredentials).
   *
   * What the text of a view names is not asked for: a view reads with the privileges of its
   * owner, and that the caller may read the view was asked before.
   *
   * @throws RestFailure with status 403 when the caller lacks a privilege
   */
  def check(rest: RestClient, record: TableRecord): Unit =
    if (!insideView) {
      val operation = if (writing.get) "READ_WRITE" else "READ"
      rest.post(
        "/temporary-table-credentials",
        RestClient.body().put("table_id", record.id).put("operation", operation))
    }

  private def insideView: Boolean = SQLConf.get.getConfString(ViewText.NameKey, "").nonEmpty
}
