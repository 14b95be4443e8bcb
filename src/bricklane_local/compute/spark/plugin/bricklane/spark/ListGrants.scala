package bricklane.spark

import scala.jdk.CollectionConverters._

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.catalyst.expressions.{Attribute, AttributeReference}
import org.apache.spark.sql.execution.command.LeafRunnableCommand
import org.apache.spark.sql.types.StringType

/**
 * `SHOW GRANTS`, those that are inherited included.
 *
 * @param principal whose grants are listed; None for everybody's
 * @param securable on what
 */
final case class ListGrants(principal: Option[String], securable: SecurableName)
    extends LeafRunnableCommand {

  override val output: Seq[Attribute] = Seq("Principal", "ActionType", "ObjectType", "ObjectKey")
    .map(AttributeReference(_, StringType, nullable = false)())

  private def words(name: String): String =
    name.replace('_', ' ').toUpperCase(java.util.Locale.ROOT)

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val path = s"/effective-permissions/${securable.kind}/${securable.segment(session)}"
    val whose = principal.map("principal" -> _).toSeq
    val key = securable.parts(session).mkString(".")
    for {
      assignment <- Sessions.rest(session).get(path, whose: _*)
        .path("privilege_assignments").elements.asScala.toSeq
      granted <- assignment.path("privileges").elements.asScala
    } yield Row(
      assignment.path("principal").asText,
      words(granted.path("privilege").asText),
      words(granted.path("inherited_from_type").asText(securable.kind)),
      granted.path("inherited_from_name").asText(key))
  }
}
