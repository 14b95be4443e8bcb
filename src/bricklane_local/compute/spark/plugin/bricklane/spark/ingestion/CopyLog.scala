package bricklane.spark.ingestion

import java.nio.charset.StandardCharsets.UTF_8

import org.apache.hadoop.fs.{FileStatus, Path}
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.delta.catalog.DeltaTableV2

/**
 * Which files `COPY INTO` has loaded into a table.
 *
 * The files of a load are noted before it, under the number of the transaction by which the load
 * will be known in the table's log. So a note counts exactly when its load was committed, whenever
 * the process dies.
 *
 * @param session whose files they are
 * @param table the table
 */
final class CopyLog(session: SparkSession, table: DeltaTableV2) {
  private val snapshot = table.update()
  private val folder = new Path(table.deltaLog.logPath, "_copy_into_log")
  private val system = folder.getFileSystem(table.deltaLog.newDeltaHadoopConf())

  /** By which the table knows loads; a table that is replaced starts anew. */
  val application: String = s"copy-into-${snapshot.metadata.id}"

  private val committed: Long =
    snapshot.setTransactions.find(_.appId == application).fold(-1L)(_.version)

  /** The files that were loaded before. */
  def loaded(): Set[String] =
    if (!system.exists(folder)) Set.empty
    else (0L to committed).flatMap { version =>
      val stream = system.open(note(version))
      try new String(stream.readAllBytes(), UTF_8).linesIterator.toSeq
      finally stream.close()
    }.toSet

  /** Notes the files of a load that begins; returns the number of its transaction. */
  def begin(files: Seq[FileStatus]): Long = {
    val stream = system.create(note(committed + 1), true)
    try stream.write(files.map(CopyLog.key).mkString("", "\n", "\n").getBytes(UTF_8))
    finally stream.close()
    committed + 1
  }

  private def note(version: Long): Path = new Path(folder, s"${snapshot.metadata.id}-$version")
}

object CopyLog {

  /** By which a file is known: one that was changed since is not loaded again, as documented. */
  def key(file: FileStatus): String = file.getPath.toUri.getPath
}
