package bricklane.spark

import bricklane.spark.dialect.Rewrite
import org.apache.spark.sql.catalyst.analysis.{
  UnresolvedFunction, UnresolvedRelation
}
import org.apache.spark.sql.catalyst.plans.logical.{LogicalPlan, UnresolvedWith}
import org.apache.spark.sql.catalyst.trees.Origin
import org.apache.spark.sql.catalyst.util.quoteIfNeeded
import org.apache.spark.sql.classic.SparkSession

/**
 * The text of a SQL function with the full names of what it uses: it means the same in any schema,
 * while Spark 4.1 reads the names of a function against the schema of the session.
 */
object FunctionText {
  private val Before = "SELECT "

  /** Returns the text of a function with full names. */
  def qualified(session: SparkSession, record: FunctionRecord): String = {
    val text = Rewrite.all(record.definition.trim)
    val isQuery = record.isTable || text.matches("(?is)(SELECT|WITH|VALUES|FROM|TABLE)\\b.*")
    val whole = if (isQuery) text else Before + text
    val plan = session.sessionState.sqlParser.parsePlan(whole)
    val places = names(session, plan).flatMap { case (parts, origin) =>
      origin.startIndex.map(_ -> parts)
    }.distinct
    val full = places.sortBy(-_._1).foldLeft(whole) { case (before, (at, parts)) =>
      val prefix = record.home.take(3 - parts.length).map(quoteIfNeeded).mkString("", ".", ".")
      before.substring(0, at) + prefix + before.substring(at)
    }
    if (isQuery) full else full.stripPrefix(Before)
  }

  private def names(session: SparkSession, plan: LogicalPlan): Seq[(Seq[String], Origin)] = {
    val common = plan.collectWithSubqueries { case UnresolvedWith(_, relations, _) =>
      relations.map(_._1.toLowerCase)
    }.flatten.toSet
    def isPath(parts: Seq[String]) = parts.last.contains("/")
    val relations = withCommon(plan).flatMap(_.collectWithSubqueries {
      case relation: UnresolvedRelation
          if relation.multipartIdentifier.length < 3 && !isPath(relation.multipartIdentifier) &&
            !(relation.multipartIdentifier.length == 1 &&
              common(relation.multipartIdentifier.head.toLowerCase)) =>
        Seq(relation.multipartIdentifier -> relation.origin)
      case node => node.expressions.flatMap(_.collect {
        case function: UnresolvedFunction
            if function.nameParts.length < 3 && !Functions.isSparks(session, function.nameParts) =>
          function.nameParts -> function.origin
      })
    }.flatten)
    relations
  }

  // Queries of WITH are no children of the plan that has them.
  private def withCommon(plan: LogicalPlan): Seq[LogicalPlan] =
    plan +: plan.collectWithSubqueries { case UnresolvedWith(_, relations, _) =>
      relations.map(_._2)
    }.flatten.flatMap(withCommon)
}
