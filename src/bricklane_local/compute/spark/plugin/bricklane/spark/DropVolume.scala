package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `DROP VOLUME`.
 *
 * @param volume the volume
 * @param ifExists do nothing when there is none
 */
final case class DropVolume(volume: SecurableName, ifExists: Boolean) extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    try Sessions.rest(session).delete("/volumes/" + volume.segment(session))
    catch { case failure: RestFailure if failure.isMissing && ifExists => }
    Nil
  }
}
