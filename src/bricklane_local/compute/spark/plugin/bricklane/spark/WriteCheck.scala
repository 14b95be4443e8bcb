package bricklane.spark

import org.apache.spark.sql.catalyst.analysis.ResolvedTable
import org.apache.spark.sql.catalyst.catalog.CatalogTable
import org.apache.spark.sql.catalyst.plans.logical._
import org.apache.spark.sql.catalyst.streaming.WriteToStream
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.connector.catalog.{CatalogPlugin, Identifier}
import org.apache.spark.sql.delta.commands.{
  DeleteCommand, DescribeDeltaDetailCommand, DescribeDeltaHistoryCommand, MergeIntoCommand,
  RestoreTableCommand, UpdateCommand
}
import org.apache.spark.sql.execution.datasources.InsertIntoHadoopFsRelationCommand
import org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation

/**
 * Asks before a statement runs whether the caller may change the tables that it changes.
 *
 * Spark tells a catalog for a few statements only that a table is loaded to be written, so the
 * analyzed statement is looked at. A statement that is not known to only read counts as writing.
 *
 * @param session whose statements are checked
 */
final case class WriteCheck(session: SparkSession) extends (LogicalPlan => Unit) {

  override def apply(plan: LogicalPlan): Unit = plan.foreach {
    case write: V2WriteCommand => target(write.table)
    case stream: WriteToStream =>
      stream.catalogAndIdent.foreach { case (catalog, ident) => require(catalog, ident) }
      stream.catalogTable.foreach(require)
    case restore: RestoreTableCommand => restore.sourceTable.catalogTable.foreach(require)
    case insert: InsertIntoHadoopFsRelationCommand => insert.catalogTable.foreach(require)
    // Of SQL Spark says so when it loads the table; of Delta's Python API nobody does.
    case delete: DeleteCommand => delete.catalogTable.foreach(require)
    case update: UpdateCommand => update.catalogTable.foreach(require)
    case merge: MergeIntoCommand => merge.catalogTable.foreach(require)
    case command: Command if !onlyReads(command) => command.children.foreach(target)
    case _ =>
  }

  private def target(plan: LogicalPlan): Unit = plan match {
    case ResolvedTable(catalog, ident, _, _) => require(catalog, ident)
    case relation: DataSourceV2Relation =>
      for (catalog <- relation.catalog; ident <- relation.identifier) require(catalog, ident)
    case _ =>
  }

  // Dropping and renaming are checked where they are done, by the catalog.
  private def onlyReads(command: Command): Boolean = command match {
    case _: DescribeRelation | _: DescribeColumn | _: ShowColumns | _: ShowTableProperties |
        _: ShowCreateTable | _: ShowPartitions | _: RefreshTable | _: CacheTable |
        _: CacheTableAsSelect | _: UncacheTable | _: DropTable | _: RenameTable |
        _: DescribeDeltaHistoryCommand | _: DescribeDeltaDetailCommand => true
    case _ => false
  }

  private def require(table: CatalogTable): Unit = {
    val name = table.identifier
    for (catalog <- name.catalog; schema <- name.database) {
      val manager = session.sessionState.catalogManager
      require(manager.catalog(catalog), Identifier.of(Array(schema), name.table))
    }
  }

  private def require(catalog: CatalogPlugin, ident: Identifier): Unit = catalog match {
    case unity: UnityCatalog => Access.toWrite(unity.store.find(ident))
    case _ =>
  }
}
