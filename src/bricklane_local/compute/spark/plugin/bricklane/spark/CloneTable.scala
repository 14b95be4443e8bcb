package bricklane.spark

import java.net.URI
import java.util
import java.util.UUID

import scala.jdk.CollectionConverters._

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.{FileUtil, Path}
import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.catalyst.expressions.{Attribute, AttributeReference}
import org.apache.spark.sql.catalyst.plans.logical.{CloneTableStatement, LogicalPlan}
import org.apache.spark.sql.catalyst.util.quoteIfNeeded
import org.apache.spark.sql.classic.{SparkSession => ClassicSession}
import org.apache.spark.sql.connector.catalog.{Identifier, TableCatalog}
import org.apache.spark.sql.connector.expressions.Transform
import org.apache.spark.sql.delta.DeltaOperations
import org.apache.spark.sql.delta.actions.{AddFile, DeletionVectorDescriptor}
import org.apache.spark.sql.delta.catalog.DeltaTableV2
import org.apache.spark.sql.execution.command.LeafRunnableCommand
import org.apache.spark.sql.types.LongType

/**
 * `CREATE TABLE target [SHALLOW | DEEP] CLONE source`. Open-source Delta has shallow clones only,
 * so a deep one is a shallow one whose files are then copied into the new table's folder, in a
 * commit of its own. Nor does it clone into a table with rows, so these are deleted before.
 *
 * https://docs.databricks.com/sql/language-manual/delta-clone
 *
 * @param target the new table
 * @param deep whether the files are copied
 * @param ifNotExists do nothing when it exists
 * @param replace replace it when it exists
 * @param create makes the shallow clone
 * @param overwrite makes the shallow clone in the place of the table in a folder
 */
final case class CloneTable(
    target: StatementName,
    deep: Boolean,
    ifNotExists: Boolean,
    replace: Boolean,
    create: LogicalPlan,
    overwrite: String => LogicalPlan)
    extends LeafRunnableCommand {

  override val output: Seq[Attribute] = Seq(
    "source_table_size", "source_num_of_files", "num_removed_files", "num_copied_files",
    "removed_files_size", "copied_files_size")
    .map(AttributeReference(_, LongType, nullable = false)())

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val parts = target.parts(session)
    val there = existing(session, parts)
    (there, Sessions.ours(session, parts)) match {
      case (Some(_), _) if ifNotExists => Nil
      case (Some(record), _) if replace => Seq(replaced(session, parts, record))
      case (None, Some((unity, ident))) if deep => Seq(registered(session, unity, ident))
      // Delta registers a table that is new once its one commit is made.
      case _ => Seq(shallow(session, create))
    }
  }

  private def shallow(session: ClassicSession, plan: LogicalPlan): Row =
    session.sessionState.executePlan(plan).executedPlan.executeCollectPublic().head

  private def copied(session: ClassicSession, made: Row, table: => DeltaTableV2): Row = {
    val (files, bytes) = if (deep) copyFiles(session, table) else (0L, 0L)
    Row(made.getLong(0), made.getLong(1), made.getLong(2), files, made.getLong(4), bytes)
  }

  // A deep clone takes two commits: the catalog hears of it after both.
  private def registered(session: ClassicSession, unity: UnityCatalog, ident: Identifier): Row = {
    val wanted = create.collectFirst { case clone: CloneTableStatement => clone.targetLocation }
    val external = wanted.flatten
    val folder = external.getOrElse(unity.store.stagingLocation(ident))
    val plan = overwrite(s"delta.${quoteIfNeeded(folder)}")
      .transform { case clone: CloneTableStatement => clone.copy(targetLocation = None) }
    val row = copied(session, shallow(session, plan), DeltaTableV2(session, new Path(folder)))
    val made = DeltaTableV2(session, new Path(folder)).update()
    val properties = new util.HashMap[String, String](made.metadata.configuration.asJava)
    Option(made.metadata.description).foreach(properties.put(TableCatalog.PROP_COMMENT, _))
    properties.put(TableCatalog.PROP_PROVIDER, "delta")
    properties.put(TableCatalog.PROP_LOCATION, folder)
    properties.put(TableCatalog.PROP_IS_MANAGED_LOCATION, external.isEmpty.toString)
    unity.store.createTable(ident, made.schema, Array.empty[Transform], properties)
    row
  }

  // A clone takes several commits. One that ends in the middle leaves the table of before.
  private def replaced(session: ClassicSession, parts: Seq[String], record: TableRecord): Row = {
    val before = Tables.delta(session, parts).update().version
    UnfinishedClones.during(record, before) {
      val made = shallow(session, emptied(session, parts, record))
      copied(session, made, Tables.delta(session, parts))
    } { undo(session, parts, before) }
  }

  private def undo(session: ClassicSession, parts: Seq[String], before: Long): Unit = {
    val interrupted = Thread.interrupted()
    if (Tables.delta(session, parts).update().version != before) {
      val name = parts.map(quoteIfNeeded).mkString(".")
      session.sql(s"RESTORE TABLE $name TO VERSION AS OF $before")
    }
    if (interrupted) Thread.currentThread.interrupt()
  }

  private def existing(session: ClassicSession, parts: Seq[String]): Option[TableRecord] =
    Sessions.ours(session, parts).flatMap { case (unity, ident) => unity.store.describe(ident) }

  // Delta replaces a table of its own catalog alone, so ours is named by its folder.
  private def emptied(
      session: ClassicSession,
      parts: Seq[String],
      record: TableRecord): LogicalPlan = {
    Access.toWrite(Access.check(Sessions.rest(session), record))
    val plan = overwrite(s"delta.${quoteIfNeeded(Locations.withScheme(record.location.getOrElse("")))}")
    // A statement that is wrong ends here, before rows are deleted.
    session.sessionState.executePlan(plan).assertAnalyzed()
    if (!Tables.isEmpty(session, parts)) {
      session.sql(s"DELETE FROM ${parts.map(quoteIfNeeded).mkString(".")}")
    }
    plan
  }

  private def copyFiles(session: ClassicSession, table: DeltaTableV2): (Long, Long) = {
    val log = table.deltaLog
    val transaction = log.startTransaction(table.catalogTable, None)
    val foreign = transaction.snapshot.allFiles.collect().toSeq
      .filter(file => new URI(file.path).isAbsolute || file.path.startsWith("/"))
    if (foreign.nonEmpty) {
      val configuration = log.newDeltaHadoopConf()
      val now = System.currentTimeMillis()
      val actions = foreign.flatMap { file =>
        Seq(file.removeWithTimestamp(now, dataChange = false), copy(file, log.dataPath, configuration))
      }
      transaction.commit(actions, DeltaOperations.Clone(foreign.head.path, table.initialSnapshot.version))
    }
    (foreign.size.toLong, foreign.map(_.size).sum)
  }

  private def copy(file: AddFile, folder: Path, configuration: Configuration): AddFile = {
    val source = new Path(new URI(file.path))
    // Two files of a source lie in different folders when they have one name.
    val name = s"${UUID.randomUUID()}-${source.getName}"
    copyOne(source, new Path(folder, name), configuration)
    val vector = Option(file.deletionVector).filter(_.storageType != "i").map { vector =>
      val from = vector.absolutePath(folder)
      val to = new Path(folder, s"deletion_vector_${UUID.randomUUID()}.bin")
      copyOne(from, to, configuration)
      DeletionVectorDescriptor.onDiskWithAbsolutePath(
        to.toString, vector.sizeInBytes, vector.cardinality, vector.offset, None)
    }
    file.copy(
      path = new Path(name).toUri.toString,
      dataChange = false,
      deletionVector = vector.getOrElse(file.deletionVector))
  }

  private def copyOne(from: Path, to: Path, configuration: Configuration): Unit =
    FileUtil.copy(
      from.getFileSystem(configuration), from, to.getFileSystem(configuration), to,
      false, configuration)

  override def innerChildren: Seq[LogicalPlan] = Seq(create)
}
