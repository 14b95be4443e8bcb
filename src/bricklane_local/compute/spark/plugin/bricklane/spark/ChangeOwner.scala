package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `ALTER … OWNER TO`.
 *
 * @param securable what gets another owner
 * @param owner the user, service principal or group that owns it from now on
 */
final case class ChangeOwner(securable: SecurableName, owner: String)
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    Sessions.rest(session).patch(securable.path(session), RestClient.body().put("owner", owner))
    Nil
  }
}
