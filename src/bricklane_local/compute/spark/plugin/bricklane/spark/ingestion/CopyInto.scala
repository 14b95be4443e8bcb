package bricklane.spark.ingestion

import bricklane.spark.{Access, RestFailure, SecurableName, Sessions, StatementName, Tables}
import org.apache.hadoop.fs.{FileStatus, Path}
import org.apache.spark.sql.{DataFrame, Row, SparkSession}
import org.apache.spark.sql.bricklane.Internals
import org.apache.spark.sql.catalyst.analysis.UnresolvedRelation
import org.apache.spark.sql.catalyst.expressions.{Attribute, AttributeReference}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.catalyst.util.quoteIfNeeded
import org.apache.spark.sql.classic.{SparkSession => ClassicSession}
import org.apache.spark.sql.delta.catalog.DeltaTableV2
import org.apache.spark.sql.execution.command.LeafRunnableCommand
import org.apache.spark.sql.functions.col
import org.apache.spark.sql.types.{IntegerType, LongType, StructType}

/**
 * `COPY INTO`: loads files into a Delta table, each file once.
 *
 * @param target the table
 * @param columns those of the table that get the values, in their order; none for all by name
 * @param byPosition whether the columns of the files are taken by their position
 * @param path folder or file
 * @param query on the files, when the statement has one
 * @param format of the files
 * @param files names below the path; none for all
 * @param pattern of names below the path
 * @param formatOptions for reading
 * @param copyOptions `force` and `mergeSchema`
 */
final case class CopyInto(
    target: StatementName,
    columns: Seq[String],
    byPosition: Boolean,
    path: String,
    query: Option[LogicalPlan],
    format: String,
    files: Seq[String],
    pattern: Option[String],
    formatOptions: Map[String, String],
    copyOptions: Map[String, String])
    extends LeafRunnableCommand {

  override val output: Seq[Attribute] = Seq(
    AttributeReference("num_affected_rows", LongType, nullable = false)(),
    AttributeReference("num_inserted_rows", LongType, nullable = false)(),
    AttributeReference("num_skipped_corrupt_files", IntegerType, nullable = false)())

  override def run(api: SparkSession): Seq[Row] = CopyInto.synchronized {
    val session = Sessions.classic(api)
    val name = SecurableName("table", target).parts(session)
    // A format that cannot be read is refused also when there is nothing to read.
    new FileReader(session, format, Map.empty)
    val table = Access.toWrite(Tables.delta(session, name))
    val log = new CopyLog(session, table)
    val found = listed(session)
    val loaded = if (isSet(copyOptions, "force")) Set.empty[String] else log.loaded()
    val (good, corrupt) = readable(session, found.filterNot(file => loaded(CopyLog.key(file))))
    if (good.isEmpty) Seq(Row(0L, 0L, corrupt))
    else {
      val version = log.begin(good)
      val before = table.update().version
      write(session, name, data(session, table, good.map(_.getPath.toString)), log, version)
      val rows = inserted(table, before)
      Seq(Row(rows, rows, corrupt))
    }
  }

  private def isSet(options: Map[String, String], key: String): Boolean =
    options.exists { case (name, value) => name.equalsIgnoreCase(key) && value.equalsIgnoreCase("true") }

  private def listed(session: ClassicSession): Seq[FileStatus] =
    if (files.nonEmpty) files.flatMap(name => FileList.of(session, new Path(path, name).toString))
    else FileList.of(session, pattern.fold(path)(new Path(path, _).toString))

  // Files that cannot be read are left out only on request.
  private def readable(
      session: ClassicSession,
      found: Seq[FileStatus]): (Seq[FileStatus], Int) =
    if (!isSet(formatOptions, "ignoreCorruptFiles")) (found, 0)
    else {
      val (good, bad) = found.partition { file =>
        try session.read.format(format).load(file.getPath.toString).schema.nonEmpty
        catch { case _: org.apache.spark.SparkException => false }
      }
      (good, bad.length)
    }

  private def data(session: ClassicSession, table: DeltaTableV2, files: Seq[String]): DataFrame = {
    val own = Set("inferschema", "mergeschema", "ignorecorruptfiles")
    val reader = new FileReader(
      session, format, formatOptions.filterNot { case (key, _) => own(key.toLowerCase) })
    val known = table.update().schema
    val inferred = reader.infer(files, types = isSet(formatOptions, "inferSchema"))
    val wanted =
      if (query.isDefined || byPosition || columns.nonEmpty) inferred
      else FileReader.hinted(inferred, StructType(known.filter(field =>
        inferred.exists(_.name.equalsIgnoreCase(field.name)))))
    val all = reader.read(files, wanted, rescued = None, strict = true)
    val source = HiddenColumns.hide(Internals.plan(all))
    val chosen = query.fold(Internals.frame(session, source)) { plan =>
      Internals.frame(session, plan.transformDownWithSubqueries {
        case UnresolvedRelation(Seq(CopyStatement.Source), _, _) => source
      })
    }
    val names = if (columns.nonEmpty) columns else if (byPosition) known.fieldNames.toSeq else Nil
    if (names.isEmpty) chosen else renamed(chosen, names, known)
  }

  private def renamed(frame: DataFrame, names: Seq[String], known: StructType): DataFrame = {
    if (frame.columns.length != names.length) throw new RestFailure(
      400, "COPY_INTO_COLUMN_ARITY_MISMATCH",
      s"The files have ${frame.columns.length} columns for the ${names.length} of the table: " +
        names.mkString(", "))
    val positions = frame.toDF(names: _*)
    positions.select(names.map { name =>
      known.find(_.name.equalsIgnoreCase(name))
        .fold(col(quoteIfNeeded(name)))(f => col(quoteIfNeeded(name)).cast(f.dataType).as(name))
    }: _*)
  }

  private def write(
      session: ClassicSession,
      name: Seq[String],
      rows: DataFrame,
      log: CopyLog,
      version: Long): Unit =
    rows.write.format("delta").mode("append")
      .option("mergeSchema", isSet(copyOptions, "mergeSchema").toString)
      .option("txnAppId", log.application).option("txnVersion", version)
      .saveAsTable(name.map(quoteIfNeeded).mkString("."))

  private def inserted(table: DeltaTableV2, before: Long): Long = {
    val now = table.update().version
    table.deltaLog.history.getHistory(before + 1, Some(now), None)
      .flatMap(_.operationMetrics).flatMap(_.get("numOutputRows")).map(_.toLong).sum
  }
}

/** One statement at a time: two could take the same files for new. */
object CopyInto
