package bricklane.spark

import org.apache.spark.sql.{AnalysisException, Row, SparkSession}
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException
import org.apache.spark.sql.connector.catalog.Identifier
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `DROP VIEW` in a catalog of ours.
 *
 * @param catalog name of the catalog
 * @param ident schema and name of the view
 * @param ifExists do nothing when there is no such view
 */
final case class DropStoredView(catalog: String, ident: Identifier, ifExists: Boolean)
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val store = Sessions.store(Sessions.classic(api), catalog)
    val name = catalog +: ident.namespace.toSeq :+ ident.name
    store.describe(ident) match {
      case Some(view) if view.isView => store.remove(ident)
      case Some(_) =>
        throw new AnalysisException(
          errorClass = "WRONG_COMMAND_FOR_OBJECT_TYPE",
          messageParameters = Map(
            "operation" -> "DROP VIEW",
            "requiredType" -> "VIEW",
            "objectName" -> name.mkString("."),
            "foundType" -> "TABLE",
            "alternative" -> "DROP TABLE"))
      case None if !ifExists => throw new NoSuchTableException(name)
      case None =>
    }
    Nil
  }
}
