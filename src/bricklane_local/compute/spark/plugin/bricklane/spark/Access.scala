package bricklane.spark

import org.apache.spark.sql.catalyst.analysis.AnalysisContext
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
   * The full name of the stored view whose text is being resolved, None outside of one.
   *
   * The depth is what counts: the setting alone could be made by anybody.
   */
  def view: Option[String] =
    Option.when(AnalysisContext.get.nestedViewDepth > 0)(
      SQLConf.get.getConfString(ViewText.NameKey, "")).filter(_.nonEmpty)

  /**
   * Asks the catalog whether the caller may use the data of a table, as clients of Unity Catalog
   * do by requesting credentials for it
   * (https://docs.databricks.com/api/workspace/temporarytablecredentials).
   *
   * What the text of a view names is asked for when the whole statement is known, by [[ViewReads]].
   *
   * @throws RestFailure with status 403 when the caller lacks a privilege
   */
  def check(rest: RestClient, record: TableRecord): Unit =
    if (view.isEmpty) request(rest, record, if (writing.get) "READ_WRITE" else "READ", None)

  /**
   * Asks whether a table may be read.
   *
   * @param view the view whose text names the table, and whose owner is asked for; None for the
   *   caller
   * @throws RestFailure with status 403 when a privilege is missing
   */
  def read(rest: RestClient, record: TableRecord, view: Option[String]): Unit =
    request(rest, record, "READ", view)

  private def request(
      rest: RestClient,
      record: TableRecord,
      operation: String,
      view: Option[String]): Unit = {
    val body = RestClient.body().put("table_id", record.id).put("operation", operation)
    view.foreach(body.put("in_view", _))
    rest.ask("/temporary-table-credentials", body)
  }
}
