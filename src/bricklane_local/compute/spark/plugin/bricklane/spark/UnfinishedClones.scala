package bricklane.spark

import java.net.URI
import java.nio.file.{Files, Path, Paths}

import scala.jdk.OptionConverters._

import org.apache.hadoop.fs.{Path => HadoopPath}
import org.apache.spark.sql.SparkSession
import org.apache.spark.sql.delta.DeltaTimeTravelSpec
import org.apache.spark.sql.delta.catalog.DeltaTableV2
import org.apache.spark.sql.delta.commands.RestoreTableCommand

/**
 * Tables in whose place a clone is being made, which takes several commits.
 *
 * A file in the table's folder says so, by whom, and which version was there before. Where the
 * process is gone, whoever loads the table next puts that version back.
 */
object UnfinishedClones {
  // Delta takes no file for a table's whose name begins like this.
  private val Name = "_clone_under_way"

  /**
   * Makes a clone in the place of a table.
   *
   * @param record the table
   * @param version what is put back if this process ends in the middle
   * @param make makes the clone
   * @param undo puts that version back when it cannot be made
   */
  def during[T](record: TableRecord, version: Long)(make: => T)(undo: => Unit): T = {
    val mark = markOf(record)
    mark.foreach(Files.writeString(_, s"${started(ProcessHandle.current)} $version"))
    val made =
      try make
      catch { case error: Throwable => undo; mark.foreach(Files.deleteIfExists); throw error }
    mark.foreach(Files.deleteIfExists)
    made
  }

  /** Puts back what a process has left half replaced. */
  def settle(session: SparkSession, record: TableRecord): Unit =
    for (mark <- markOf(record) if record.isDelta && Files.exists(mark)) synchronized {
      if (Files.exists(mark)) {
        val Array(process, start, version) = Files.readString(mark).split(' ')
        if (!isRunning(process.toLong, start)) {
          restore(session, new HadoopPath(mark.getParent.toUri), version.toLong)
          Files.deleteIfExists(mark)
        }
      }
    }

  // Not by a statement: it is no matter of the privileges of whoever reads the table.
  private def restore(session: SparkSession, folder: HadoopPath, version: Long): Unit = {
    val table = DeltaTableV2(
      Sessions.classic(session), folder,
      timeTravelOpt = Some(DeltaTimeTravelSpec(None, Some(version), None)))
    if (table.deltaLog.update().version != version) RestoreTableCommand(table).run(session)
  }

  private def isRunning(process: Long, start: String): Boolean =
    ProcessHandle.of(process).toScala.exists(found => started(found) == s"$process $start")

  // Numbers of processes come back.
  private def started(process: ProcessHandle): String =
    s"${process.pid} ${process.info.startInstant.map[Long](_.toEpochMilli).orElse(0L)}"

  private def markOf(record: TableRecord): Option[Path] =
    record.location.map(Locations.withScheme).filter(_.startsWith("file:"))
      .map(location => Paths.get(new URI(location.replace(" ", "%20")).getPath, Name))
}
