package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.delta.stats.StatisticsCollection
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `ANALYZE TABLE … COMPUTE [DELTA] STATISTICS` of a Delta table: computes anew what the log says of
 * the rows, the least and the greatest values of each file, by which queries are planned here.
 *
 * https://docs.databricks.com/sql/language-manual/sql-ref-syntax-aux-analyze-table
 *
 * @param table the table
 */
final case class AnalyzeFiles(table: StatementName) extends LeafRunnableCommand {
  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val found = Access.toWrite(Tables.delta(session, table.parts(session)))
    StatisticsCollection.recompute(session, found.deltaLog, found.catalogTable)
    Nil
  }
}
