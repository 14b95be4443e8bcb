package bricklane.spark

import org.apache.hadoop.fs.Path
import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.catalyst.expressions.{Attribute, AttributeReference}
import org.apache.spark.sql.execution.command.LeafRunnableCommand
import org.apache.spark.sql.types.{LongType, StringType}

/**
 * `LIST 'path'`: the files and folders of a folder.
 *
 * https://docs.databricks.com/sql/language-manual/sql-ref-syntax-aux-list
 *
 * @param path the folder
 */
final case class ListFiles(path: String) extends LeafRunnableCommand {
  override val output: Seq[Attribute] =
    Seq("path" -> StringType, "name" -> StringType, "size" -> LongType,
      "modification_time" -> LongType)
      .map { case (name, kind) => AttributeReference(name, kind, nullable = false)() }

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val folder = new Path(path)
    folder.getFileSystem(session.sessionState.newHadoopConf()).listStatus(folder).toSeq
      .sortBy(_.getPath.getName)
      .map { found =>
        val mark = if (found.isDirectory) "/" else ""
        Row(
          found.getPath.toUri.getPath + mark, found.getPath.getName + mark,
          found.getLen, found.getModificationTime)
      }
  }
}
