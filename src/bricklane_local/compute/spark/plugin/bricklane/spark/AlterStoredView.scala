package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.catalyst.TableIdentifier
import org.apache.spark.sql.catalyst.analysis.{NoSuchTableException, SchemaCompensation}
import org.apache.spark.sql.connector.catalog.Identifier
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `ALTER VIEW … AS` in a catalog of ours.
 *
 * @param catalog name of the catalog
 * @param ident schema and name of the view
 * @param text the new query
 */
final case class AlterStoredView(catalog: String, ident: Identifier, text: String)
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val store = Sessions.store(session, catalog)
    val record = store.describe(ident).filter(_.isView).getOrElse(
      throw new NoSuchTableException(catalog +: ident.namespace.toSeq :+ ident.name))
    val name = TableIdentifier(ident.name, ident.namespace.headOption, Some(catalog))
    val definition = ViewDefinition.analyzed(
      session, name, text, Nil, SchemaCompensation, replacing = true)
    val body = RestClient.body().put("view_definition", text)
    ColumnRecord.write(definition.schema, body.putArray("columns"))
    val kept = record.properties.filterNot { case (key, _) => key.startsWith("view.") }
    val stored = body.putObject("properties")
    (kept ++ definition.settings).toSeq.sorted.foreach { case (k, v) => stored.put(k, v) }
    store.update(ident, body)
    Nil
  }
}
