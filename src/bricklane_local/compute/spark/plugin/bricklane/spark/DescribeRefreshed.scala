package bricklane.spark

import scala.jdk.CollectionConverters._

import com.fasterxml.jackson.databind.JsonNode
import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.catalyst.expressions.Attribute
import org.apache.spark.sql.catalyst.plans.logical.{DescribeRelation, LogicalPlan}
import org.apache.spark.sql.classic.{SparkSession => ClassicSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `DESCRIBE EXTENDED` of a materialized view or streaming table: its type, and when and how it is
 * refreshed, beside what is said of any table.
 *
 * https://docs.databricks.com/sql/language-manual/sql-ref-syntax-aux-describe-table
 *
 * @param record of the table
 * @param describe the statement as Spark carries it out
 */
final case class DescribeRefreshed(record: TableRecord, describe: DescribeRelation)
    extends LeafRunnableCommand {
  override val output: Seq[Attribute] = describe.output

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val rows = DescribeRefreshed.running {
      session.sessionState.executePlan(describe).executedPlan.executeCollectPublic().toSeq
    }.map {
      case Row("Type", _, comment) => Row("Type", record.tableType, comment)
      case other => other
    }
    val name = s"${record.catalogName}.${record.schemaName}.${record.name}"
    val said = Sessions.rest(session).get("/refresh-information", "table" -> name)
      .path("rows").elements.asScala.toSeq
      .map((pair: JsonNode) => Row(pair.get(0).asText, pair.get(1).asText, ""))
    if (said.isEmpty) rows
    else rows ++ Seq(Row("", "", ""), Row("# Refresh Information", "", "")) ++ said
  }
}

object DescribeRefreshed {
  private val Types = Set("MATERIALIZED_VIEW", "STREAMING_TABLE")
  private val active = ThreadLocal.withInitial(() => false)

  /** Whether Spark is carrying out such a statement in this thread. */
  def isRunning: Boolean = active.get

  private def running[T](work: => T): T = {
    active.set(true)
    try work finally active.set(false)
  }

  /** The statement, in our hands if it is about a table of a pipeline. */
  def of(session: ClassicSession, parts: Seq[String], describe: DescribeRelation): LogicalPlan =
    Sessions.ours(session, parts)
      .flatMap { case (unity, ident) => unity.store.describe(ident) }
      .filter(record => Types(record.tableType))
      .fold[LogicalPlan](describe)(DescribeRefreshed(_, describe))
}
