package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `USE CATALOG`.
 *
 * @param name the catalog that becomes the current one
 */
final case class UseCatalog(name: StatementName) extends LeafRunnableCommand {
  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val manager = session.sessionState.catalogManager
    val catalog = Catalogs.normal(name.single(session))
    if (!manager.isCatalogRegistered(catalog) && Caller.isKnown(session)) Catalogs.refresh(session)
    manager.setCurrentCatalog(catalog)
    Nil
  }
}
