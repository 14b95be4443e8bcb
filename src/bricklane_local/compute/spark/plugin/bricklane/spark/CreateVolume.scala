package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `CREATE VOLUME`.
 *
 * @param volume the new volume
 * @param ifNotExists do nothing when it exists
 * @param location folder of an external volume
 * @param comment its comment
 */
final case class CreateVolume(
    volume: SecurableName,
    ifNotExists: Boolean,
    location: Option[String],
    comment: Option[String])
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val Seq(catalog, schema, name) = volume.parts(session)
    val body = RestClient.body()
      .put("catalog_name", catalog)
      .put("schema_name", schema)
      .put("name", name)
      .put("volume_type", if (location.isDefined) "EXTERNAL" else "MANAGED")
    location.foreach(body.put("storage_location", _))
    comment.foreach(body.put("comment", _))
    try Sessions.rest(session).post("/volumes", body)
    catch { case failure: RestFailure if failure.isPresent && ifNotExists => }
    Nil
  }
}
