package bricklane.spark

import org.apache.spark.sql.catalyst.TableIdentifier
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression
import org.apache.spark.sql.catalyst.plans.logical.{LogicalPlan, View}
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.catalyst.streaming.StreamingRelationV2
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.connector.catalog.Identifier
import org.apache.spark.sql.execution.datasources.LogicalRelation
import org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation
import org.apache.spark.sql.execution.streaming.runtime.StreamingRelation

/**
 * Asks before a statement with views runs whether everything in it may be read: by the caller, and
 * what a view's text names by the view's owner.
 *
 * This looks at the whole statement because Spark resolves a name once and uses the table wherever
 * the name stands: in a view, where the caller needs no privilege on it, and beside the view, where
 * the caller does. It is no check of the analyzer, which also checks the text of each view alone.
 *
 * @param session whose statements are checked
 */
final case class ViewReads(session: SparkSession) extends Rule[LogicalPlan] {

  override def apply(plan: LogicalPlan): LogicalPlan = {
    if (Caller.isKnown(session) && hasView(plan)) check(plan, None)
    plan
  }

  private def hasView(plan: LogicalPlan): Boolean =
    plan.exists {
      case _: View => true
      case other => subqueries(other).exists(hasView)
    }

  // The reader is the view around the plan, whose owner reads; None when the caller does.
  private def check(plan: LogicalPlan, reader: Option[String]): Unit = plan match {
    case view: View if !view.isTempView =>
      read(view.desc.identifier, reader)
      check(view.child, Some(fullName(view.desc.identifier)))
    case other =>
      relation(other).foreach(read(_, reader))
      (other.children ++ subqueries(other) ++ inner(other)).foreach(check(_, reader))
  }

  // A command keeps its query among its inner children once it is ready to run.
  private def inner(plan: LogicalPlan): Seq[LogicalPlan] =
    plan.innerChildren.collect { case query: LogicalPlan => query }

  private def subqueries(plan: LogicalPlan): Seq[LogicalPlan] =
    plan.expressions.flatMap(_.collect { case subquery: SubqueryExpression => subquery.plan })

  private def relation(plan: LogicalPlan): Option[TableIdentifier] = plan match {
    case relation: DataSourceV2Relation => identifier(relation.catalog.map(_.name), relation.identifier)
    case relation: StreamingRelationV2 => identifier(relation.catalog.map(_.name), relation.identifier)
    case relation: LogicalRelation => relation.catalogTable.map(_.identifier)
    case relation: StreamingRelation => relation.dataSource.catalogTable.map(_.identifier)
    case _ => None
  }

  private def identifier(catalog: Option[String], ident: Option[Identifier]) =
    for (name <- catalog; table <- ident; schema <- table.namespace.headOption)
      yield TableIdentifier(table.name, Some(schema), Some(name))

  private def read(table: TableIdentifier, view: Option[String]): Unit =
    for (catalog <- table.catalog; schema <- table.database) {
      session.sessionState.catalogManager.catalog(catalog) match {
        case unity: UnityCatalog =>
          unity.store.readable(Identifier.of(Array(schema), table.table), view)
        case _ =>
      }
    }

  private def fullName(table: TableIdentifier): String = table.nameParts.mkString(".")
}
