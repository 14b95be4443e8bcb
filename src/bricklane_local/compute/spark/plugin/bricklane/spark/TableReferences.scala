package bricklane.spark

import java.util.{Locale, Optional}

import org.apache.spark.sql.Row
import org.apache.spark.sql.catalyst.analysis.UnresolvedRelation
import org.apache.spark.sql.catalyst.expressions.{AttributeReference, SubqueryExpression}
import org.apache.spark.sql.catalyst.plans.logical.{LocalRelation, LogicalPlan, UnresolvedWith}
import org.apache.spark.sql.connect.planner.SparkConnectPlanner
import org.apache.spark.sql.connect.plugin.RelationPlugin
import org.apache.spark.sql.types.{ArrayType, BooleanType, IntegerType, StringType}

/**
 * Answers which tables the text of a query names, and where in the text.
 *
 * The queries of a pipeline are known by their text alone, and which of its datasets they read
 * decides the order in which these are made. Spark's own parser is the one that knows.
 */
final class TableReferences extends RelationPlugin {

  override def transform(
      extension: Array[Byte],
      planner: SparkConnectPlanner): Optional[LogicalPlan] =
    WireMessage.unpack(extension, "bricklane.TableReferences") match {
      case Some(message) =>
        val parser = planner.session.sessionState.sqlParser
        val found = TableReferences.in(parser.parsePlan(message.text(1).getOrElse("")), Set.empty)
        Optional.of(LocalRelation.fromExternalRows(TableReferences.output, found))
      case None => Optional.empty[LogicalPlan]
    }
}

private object TableReferences {
  val output: Seq[AttributeReference] = Seq(
    AttributeReference("parts", ArrayType(StringType))(),
    AttributeReference("start", IntegerType)(),
    AttributeReference("stop", IntegerType)(),
    AttributeReference("streaming", BooleanType)())

  /**
   * The tables that a plan names.
   *
   * @param hidden names of common table expressions, in lower case, that hide tables
   */
  def in(plan: LogicalPlan, hidden: Set[String]): Seq[Row] = plan match {
    case UnresolvedWith(child, definitions, recursive) =>
      val (known, rows) = definitions.foldLeft((hidden, Seq.empty[Row])) {
        case ((before, found), (name, query, _)) =>
          val after = before + name.toLowerCase(Locale.ROOT)
          (after, found ++ in(query, if (recursive) after else before))
      }
      rows ++ in(child, known)
    case UnresolvedRelation(Seq(name), _, _) if hidden(name.toLowerCase(Locale.ROOT)) => Nil
    case relation: UnresolvedRelation =>
      for (start <- relation.origin.startIndex.toSeq; stop <- relation.origin.stopIndex)
        yield Row(relation.multipartIdentifier, start, stop, relation.isStreaming)
    case other =>
      val nested = other.expressions.flatMap(_.collect { case one: SubqueryExpression => one.plan })
      (other.children ++ nested).flatMap(in(_, hidden))
  }
}
