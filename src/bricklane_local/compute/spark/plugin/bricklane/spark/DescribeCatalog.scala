package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.catalyst.expressions.{Attribute, AttributeReference}
import org.apache.spark.sql.execution.command.LeafRunnableCommand
import org.apache.spark.sql.types.StringType

/**
 * `DESCRIBE CATALOG`.
 *
 * @param name the catalog
 */
final case class DescribeCatalog(name: StatementName) extends LeafRunnableCommand {

  override val output: Seq[Attribute] = Seq(
    AttributeReference("info_name", StringType, nullable = false)(),
    AttributeReference("info_value", StringType)())

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val path = "/catalogs/" + RestClient.segment(name.single(session))
    val catalog = Sessions.rest(session).get(path)
    Seq("Catalog Name" -> "name", "Comment" -> "comment", "Owner" -> "owner")
      .map { case (title, field) => Row(title, catalog.path(field).asText("")) }
  }
}
