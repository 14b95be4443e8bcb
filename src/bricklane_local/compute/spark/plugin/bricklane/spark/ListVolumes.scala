package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.catalyst.expressions.{Attribute, AttributeReference}
import org.apache.spark.sql.execution.command.LeafRunnableCommand
import org.apache.spark.sql.types.StringType

/**
 * `SHOW VOLUMES`.
 *
 * @param owner the schema whose volumes are listed; None for the current one
 */
final case class ListVolumes(owner: Option[StatementName]) extends LeafRunnableCommand {

  override val output: Seq[Attribute] = Seq("database", "volume_name")
    .map(AttributeReference(_, StringType, nullable = false)())

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val current = session.sessionState.catalogManager.currentNamespace.toSeq
    val asked = owner.getOrElse(StatementName(Right(current)))
    val Seq(catalog, name) = SecurableName("schema", asked).parts(session)
    Sessions.rest(session)
      .list("/volumes", "volumes", "catalog_name" -> catalog, "schema_name" -> name)
      .map(volume => Row(name, volume.path("name").asText))
  }
}
