package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `USE SCHEMA`, whose name may begin with a catalog, which then becomes the current one, too.
 *
 * @param name the schema that becomes the current one
 */
final case class UseSchema(name: StatementName) extends LeafRunnableCommand {
  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val manager = session.sessionState.catalogManager
    val parts = name.parts(session)
    if (parts.length > 1) {
      UseCatalog(StatementName(Right(parts.take(1)))).run(session)
      manager.setCurrentNamespace(parts.tail.toArray)
    } else manager.setCurrentNamespace(parts.toArray)
    Nil
  }
}
