package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `DROP CATALOG`.
 *
 * @param name the catalog
 * @param ifExists do nothing when there is none
 * @param cascade drop what is in it, too
 */
final case class DropCatalog(name: StatementName, ifExists: Boolean, cascade: Boolean)
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val catalog = name.single(session)
    try
      Sessions.rest(session)
        .delete("/catalogs/" + RestClient.segment(catalog), "force" -> cascade.toString)
    catch { case failure: RestFailure if failure.isMissing && ifExists => }
    Catalogs.forget(session, catalog)
    Nil
  }
}
