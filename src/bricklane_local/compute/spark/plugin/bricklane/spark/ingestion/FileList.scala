package bricklane.spark.ingestion

import java.io.FileNotFoundException

import bricklane.spark.RestFailure
import org.apache.hadoop.fs.{FileStatus, FileSystem, Path}
import org.apache.spark.sql.classic.SparkSession

/** Finds the files that a path of ingestion means. */
object FileList {

  /**
   * Returns the files of a path: a file, all files below a folder, or those of a pattern.
   *
   * Names that begin with `_` or `.` are left out, as everywhere in Spark.
   *
   * @throws RestFailure when nothing is there
   */
  def of(session: SparkSession, path: String, glob: Option[String] = None): Seq[FileStatus] = {
    val folder = new Path(path)
    val system = folder.getFileSystem(session.sessionState.newHadoopConf())
    val found = Option(system.globStatus(folder)).toSeq.flatten
    if (found.isEmpty) throw new RestFailure(
      404, "PATH_NOT_FOUND", s"Path does not exist: $path")
    val pattern = glob.map(new org.apache.hadoop.fs.GlobFilter(_))
    found.flatMap(below(system, _))
      .filter(file => pattern.forall(_.accept(file.getPath)))
      .sortBy(_.getPath.toString)
  }

  private def below(system: FileSystem, found: FileStatus): Seq[FileStatus] =
    if (!found.isDirectory) Seq(found)
    else
      try system.listStatus(found.getPath).toSeq.filterNot(isHidden).flatMap(below(system, _))
      catch { case _: FileNotFoundException => Nil } // gone meanwhile

  private def isHidden(file: FileStatus): Boolean = {
    val name = file.getPath.getName
    (name.startsWith("_") && !name.contains("=")) || name.startsWith(".")
  }

  /** The columns that folders `name=value` below a path give. */
  def partitions(files: Seq[String]): Seq[String] =
    files.flatMap(file => file.split('/').dropRight(1).collect {
      case Part(name, _) => name
    }).distinct

  /** The values of such a column. */
  def values(files: Seq[String], column: String): Seq[String] =
    files.flatMap(_.split('/').dropRight(1).collect { case Part(`column`, value) => value }).distinct

  private val Part = "([A-Za-z_][A-Za-z0-9_]*)=(.*)".r
}
