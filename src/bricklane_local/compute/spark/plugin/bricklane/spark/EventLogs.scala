package bricklane.spark

import org.apache.spark.sql.Row
import org.apache.spark.sql.bricklane.Internals
import org.apache.spark.sql.catalyst.analysis.{UnresolvedRelation, UnresolvedTableValuedFunction}
import org.apache.spark.sql.catalyst.expressions.{
  AttributeReference, FunctionTableSubqueryArgumentExpression
}
import org.apache.spark.sql.catalyst.plans.logical.{LocalRelation, LogicalPlan}
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.functions.{col, from_json}
import org.apache.spark.sql.types.{StringType, StructType}

/**
 * The table function `event_log`: the events of a pipeline, as the workspace has them now.
 *
 * https://docs.databricks.com/sql/language-manual/functions/event_log
 */
final case class EventLogs(session: SparkSession) extends Rule[LogicalPlan] {
  private val Name = "event_log"
  private val Path = "/event-logs"

  override def apply(plan: LogicalPlan): LogicalPlan = plan.transformDownWithSubqueries {
    case UnresolvedTableValuedFunction(Seq(name), arguments, _)
        if name.equalsIgnoreCase(Name) && Caller.isKnown(session) =>
      events(arguments match {
        case Seq(table: FunctionTableSubqueryArgumentExpression) => "table" -> named(table.plan)
        case Seq(value) => "pipeline_id" -> Constant.of(session, "the pipeline's id", Name, value)
        case _ => throw misused
      })
  }

  private def named(plan: LogicalPlan): String = plan match {
    case UnresolvedRelation(parts, _, _) =>
      SecurableName("table", StatementName(Right(parts))).parts(session).mkString(".")
    case _ => throw misused
  }

  private def events(which: (String, String)): LogicalPlan = {
    val pages = Sessions.rest(session).pages(Path, which)
    val schema = StructType.fromDDL(pages.head.path("schema").asText)
    val texts = pages.flatMap(RestClient.texts(_, "events"))
    val output = Seq(AttributeReference("event", StringType)())
    val rows = LocalRelation.fromExternalRows(output, texts.map(Row(_)))
    Internals.plan(
      Internals.frame(session, rows)
        .select(from_json(col("event"), schema, Map.empty[String, String]).as("event"))
        .select("event.*"))
  }

  private def misused = new RestFailure(
    400, "INVALID_PARAMETER_VALUE",
    s"$Name takes the id of a pipeline as a text, or TABLE(name) with one of its tables")
}
