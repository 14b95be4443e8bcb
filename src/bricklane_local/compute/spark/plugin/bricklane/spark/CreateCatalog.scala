package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `CREATE CATALOG`.
 *
 * @param name the new catalog
 * @param ifNotExists do nothing when it exists
 * @param location where its managed tables are kept, in an object store
 * @param comment its comment
 */
final case class CreateCatalog(
    name: StatementName,
    ifNotExists: Boolean,
    location: Option[String],
    comment: Option[String])
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val catalog = name.single(session)
    val body = RestClient.body().put("name", catalog)
    location.foreach(body.put("storage_root", _))
    comment.foreach(body.put("comment", _))
    try Sessions.rest(session).post("/catalogs", body)
    catch { case failure: RestFailure if failure.isPresent && ifNotExists => }
    Catalogs.register(session, catalog)
    Nil
  }
}
