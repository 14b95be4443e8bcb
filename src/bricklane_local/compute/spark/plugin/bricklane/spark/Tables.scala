package bricklane.spark

import org.apache.spark.sql.AnalysisException
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.connector.catalog.Table
import org.apache.spark.sql.delta.catalog.DeltaTableV2

/** Tables that a command of ours works on. */
object Tables {

  /**
   * Loads a table or view of a name.
   *
   * @throws AnalysisException when there is none, or the caller may not read it
   */
  def load(session: SparkSession, parts: Seq[String]): Table = {
    Catalogs.refreshFor(session, parts)
    val found = Sessions.ours(session, parts).map { case (unity, ident) => unity.loadTable(ident) }
    found.getOrElse(throw new NoSuchTableException(parts))
  }

  /** Whether a Delta table has no files. */
  def isEmpty(session: SparkSession, parts: Seq[String]): Boolean =
    delta(session, parts).update().numOfFiles == 0

  /**
   * Loads a Delta table.
   *
   * @throws AnalysisException when there is none, or it is of another format
   */
  def delta(session: SparkSession, parts: Seq[String]): DeltaTableV2 = load(session, parts) match {
    case table: DeltaTableV2 => table
    case _ =>
      throw new RestFailure(
        400, "INVALID_PARAMETER_VALUE", s"${parts.mkString(".")} is not a Delta table")
  }
}
