package bricklane.spark.ingestion

import java.nio.charset.StandardCharsets.UTF_8

import org.apache.hadoop.fs.{FileSystem, Path}
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.types.{DataType, StructType}

/**
 * The schemas that a stream of Auto Loader has had, in files 0, 1, … below its schema location.
 *
 * @param session whose files they are
 * @param location the folder
 */
final class SchemaLog(session: SparkSession, location: String) {
  private val folder = new Path(location, "_schemas")
  private def system: FileSystem = folder.getFileSystem(session.sessionState.newHadoopConf())

  private def versions: Seq[Int] =
    if (!system.exists(folder)) Nil
    else system.listStatus(folder).toSeq.map(_.getPath.getName).filter(_.matches("\\d+")).map(_.toInt).sorted

  /** The newest schema, None when there is none yet. */
  def latest(): Option[StructType] = versions.lastOption.map { version =>
    val stream = system.open(new Path(folder, version.toString))
    try DataType.fromJson(new String(stream.readAllBytes(), UTF_8)).asInstanceOf[StructType]
    finally stream.close()
  }

  /** Adds a schema. It appears whole or not at all. */
  def add(schema: StructType): Unit = {
    val next = versions.lastOption.fold(0)(_ + 1)
    val draft = new Path(folder, s".$next.tmp")
    val stream = system.create(draft, true)
    try stream.write(schema.json.getBytes(UTF_8))
    finally stream.close()
    if (!system.rename(draft, new Path(folder, next.toString))) {
      throw new java.io.IOException(s"the schema $next could not be stored in $folder")
    }
  }
}
