package bricklane.spark

import scala.jdk.CollectionConverters._

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.catalyst.expressions.{Attribute, AttributeReference}
import org.apache.spark.sql.execution.command.LeafRunnableCommand
import org.apache.spark.sql.types.StringType

/**
 * `SHOW GRANTS`.
 *
 * @param principal whose grants are listed; None for everybody's
 * @param securable on what
 */
final case class ListGrants(principal: Option[String], securable: SecurableName)
    extends LeafRunnableCommand {

  override val output: Seq[Attribute] = Seq("Principal", "ActionType", "ObjectType", "ObjectKey")
    .map(AttributeReference(_, StringType, nullable = false)())

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val path = s"/permissions/${securable.kind}/${securable.segment(session)}"
    val whose = principal.map("principal" -> _).toSeq
    val key = securable.parts(session).mkString(".")
    for {
      assignment <- Sessions.rest(session).get(path, whose: _*)
        .path("privilege_assignments").elements.asScala.toSeq
      privilege <- assignment.path("privileges").elements.asScala
    } yield Row(
      assignment.path("principal").asText,
      privilege.asText.replace('_', ' '),
      securable.kind.toUpperCase(java.util.Locale.ROOT),
      key)
  }
}
