package bricklane.spark

import org.apache.spark.sql.catalyst.analysis.{
  CurrentNamespace, UnresolvedIdentifier, UnresolvedNamespace, UnresolvedView
}
import org.apache.spark.sql.catalyst.plans.logical.{
  AlterViewAs, CreateView, DropView, LogicalPlan, ShowViews
}
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.execution.command.ShowCatalogsCommand

/** Replaces Spark's statements about views by ours where the view is in Unity Catalog. */
final case class ViewStatements(session: SparkSession) extends Rule[LogicalPlan] {

  override def apply(plan: LogicalPlan): LogicalPlan = plan match {
    case create @ CreateView(UnresolvedIdentifier(parts, _), _, _, _, _, Some(text), _, _, _, _) =>
      Sessions.ours(session, parts).fold[LogicalPlan](create) { case (catalog, ident) =>
        StoreView(
          catalog.name, ident, text,
          columns = create.userSpecifiedColumns,
          comment = create.comment,
          properties = create.properties,
          ifNotExists = create.allowExisting,
          replace = create.replace,
          schemaMode = create.viewSchemaMode)
      }
    case drop @ DropView(UnresolvedIdentifier(parts, _), ifExists) =>
      temporaryOr(drop, parts) { (catalog, ident) => DropStoredView(catalog.name, ident, ifExists) }
    case alter @ AlterViewAs(UnresolvedView(parts, _, _, _), text, _) =>
      temporaryOr(alter, parts) { (catalog, ident) =>
        AlterStoredView(catalog.name, ident, text)
      }
    case show @ ShowViews(namespace, pattern, _) =>
      val parts = namespace match {
        case UnresolvedNamespace(names, _) => names
        case _ => session.sessionState.catalogManager.currentNamespace.toSeq
      }
      Sessions.ours(session, parts :+ "*").fold[LogicalPlan](show) { case (catalog, ident) =>
        ListViews(catalog.name, ident.namespace.toSeq, pattern)
      }
    case ShowCatalogsCommand(pattern) if Caller.isKnown(session) => ListCatalogs(pattern)
    case other => other
  }

  // A temporary view hides a stored one of the same name, as in every statement of Spark.
  private def temporaryOr(statement: LogicalPlan, parts: Seq[String])(
      ours: (UnityCatalog, org.apache.spark.sql.connector.catalog.Identifier) => LogicalPlan)
      : LogicalPlan =
    if (session.sessionState.catalog.isTempView(parts)) statement
    else Sessions.ours(session, parts).fold(statement) { case (c, ident) => ours(c, ident) }
}
