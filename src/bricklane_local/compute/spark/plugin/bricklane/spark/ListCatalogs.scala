package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.catalyst.expressions.{Attribute, AttributeReference}
import org.apache.spark.sql.catalyst.util.StringUtils
import org.apache.spark.sql.execution.command.LeafRunnableCommand
import org.apache.spark.sql.types.StringType

/**
 * `SHOW CATALOGS`: those of the metastore, where Spark lists those that the session has used.
 *
 * @param pattern restricts the names
 */
final case class ListCatalogs(pattern: Option[String]) extends LeafRunnableCommand {

  override val output: Seq[Attribute] =
    Seq(AttributeReference("catalog", StringType, nullable = false)())

  override def run(api: SparkSession): Seq[Row] = {
    val names = Catalogs.names(Sessions.classic(api))
    StringUtils.filterPattern(names, pattern.getOrElse("*")).map(Row(_))
  }
}
