package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `GRANT` and `REVOKE`.
 *
 * @param change `add` or `remove`, as the REST API names it
 * @param privileges what is granted or revoked
 * @param securable on what
 * @param principal to or from whom
 */
final case class ChangeGrants(
    change: String,
    privileges: Seq[String],
    securable: SecurableName,
    principal: String)
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val body = RestClient.body()
    val entry = body.putArray("changes").addObject().put("principal", principal)
    val names = entry.putArray(change)
    privileges.foreach(names.add(_))
    val path = s"/permissions/${securable.kind}/${securable.segment(session)}"
    Sessions.rest(session).patch(path, body)
    Nil
  }
}
