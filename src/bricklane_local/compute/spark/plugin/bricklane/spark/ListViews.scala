package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.catalyst.expressions.{Attribute, AttributeReference}
import org.apache.spark.sql.catalyst.util.StringUtils
import org.apache.spark.sql.execution.command.LeafRunnableCommand
import org.apache.spark.sql.types.{BooleanType, StringType}

/**
 * `SHOW VIEWS` in a catalog of ours.
 *
 * @param catalog name of the catalog
 * @param namespace the schema
 * @param pattern restricts the names
 */
final case class ListViews(catalog: String, namespace: Seq[String], pattern: Option[String])
    extends LeafRunnableCommand {

  override val output: Seq[Attribute] = Seq(
    AttributeReference("namespace", StringType, nullable = false)(),
    AttributeReference("viewName", StringType, nullable = false)(),
    AttributeReference("isTemporary", BooleanType, nullable = false)())

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val stored = Sessions.store(session, catalog).listViews(namespace.toArray)
    val matching = StringUtils.filterPattern(stored, pattern.getOrElse("*"))
    val temporary = session.sessionState.catalog
      .listTempViews("", pattern.getOrElse("*"))
      .map(view => Row("", view.identifier.table, true))
    matching.map(Row(namespace.mkString("."), _, false)) ++ temporary
  }
}
