package bricklane.spark

import io.unitycatalog.bricklane.TableStore
import org.apache.spark.sql.{AnalysisException, Row, SparkSession}
import org.apache.spark.sql.catalyst.TableIdentifier
import org.apache.spark.sql.catalyst.analysis.ViewSchemaMode
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.connector.catalog.Identifier
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `CREATE VIEW` in a catalog of ours: checks the query and stores its text.
 *
 * @param catalog name of the catalog
 * @param ident schema and name of the view
 * @param text the query as written
 * @param columns names and comments given for the columns; empty when the query names them
 * @param comment comment of the view
 * @param properties properties of the view
 * @param ifNotExists do nothing when the view exists
 * @param replace replace the view when it exists
 * @param schemaMode what happens when tables under the view change
 */
final case class StoreView(
    catalog: String,
    ident: Identifier,
    text: String,
    columns: Seq[(String, Option[String])],
    comment: Option[String],
    properties: Map[String, String],
    ifNotExists: Boolean,
    replace: Boolean,
    schemaMode: ViewSchemaMode)
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val store = Sessions.store(session, catalog)
    val fullName = TableIdentifier(ident.name, ident.namespace.headOption, Some(catalog))
    store.describe(ident) match {
      case Some(existing) if existing.isView && ifNotExists =>
      case Some(existing) if !existing.isView || !replace =>
        throw new AnalysisException(
          errorClass = "TABLE_OR_VIEW_ALREADY_EXISTS",
          messageParameters = Map("relationName" -> fullName.quotedString))
      case existing => write(session, store, fullName, exists = existing.isDefined)
    }
    Nil
  }

  private def write(
      session: org.apache.spark.sql.classic.SparkSession,
      store: TableStore,
      fullName: TableIdentifier,
      exists: Boolean): Unit = {
    val definition = ViewDefinition.analyzed(session, fullName, text, columns, schemaMode, exists)
    val body = if (exists) RestClient.body() else store.newTable(ident).put("table_type", "VIEW")
    body.put("view_definition", text)
    comment.foreach(body.put("comment", _))
    ColumnRecord.write(definition.schema, body.putArray("columns"))
    val stored = body.putObject("properties")
    (properties ++ definition.settings).toSeq.sorted.foreach { case (k, v) => stored.put(k, v) }
    if (exists) store.update(ident, body) else store.store(ident, body)
  }

  override def innerChildren: Seq[LogicalPlan] = Nil
}
