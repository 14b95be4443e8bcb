package bricklane.spark.ingestion

import java.util.Locale

import bricklane.spark.RestFailure
import bricklane.spark.dialect.Refusal
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.types.StructType

/**
 * What the options of `read_files` and Auto Loader ask for.
 *
 * https://docs.databricks.com/ingestion/cloud-object-storage/auto-loader/options.html
 *
 * @param session reads
 * @param path file, folder or pattern
 * @param given all options, those of Auto Loader with or without `cloudFiles.`
 * @param schema the schema that was given, if one was
 * @param infersTypes whether types are looked for when the options do not say
 */
final case class Ingestion(
    session: SparkSession,
    path: String,
    given: Map[String, String],
    schema: Option[StructType],
    infersTypes: Boolean) {
  import Ingestion._

  private val options = given.map { case (key, value) => key.toLowerCase(Locale.ROOT) -> value }

  /** An option of Auto Loader. */
  def setting(name: String): Option[String] = {
    val key = name.toLowerCase(Locale.ROOT)
    options.get(Prefix + key).orElse(options.get(key))
  }

  val format: String = setting("format").getOrElse(
    throw new RestFailure(400, "INVALID_PARAMETER_VALUE", "the option cloudFiles.format is required"))

  for ((name, (value, next)) <- Refused; found <- setting(name) if value.matches(found.toLowerCase)) {
    throw new Refusal(s"The option $name = $found", next)
  }

  val reader = new FileReader(
    session, format,
    given.filterNot { case (key, _) =>
      key.toLowerCase(Locale.ROOT).startsWith(Prefix) || Own(key.toLowerCase(Locale.ROOT))
    })

  val mode: String = {
    val found = setting("schemaEvolutionMode").getOrElse(if (schema.isDefined) "none" else AddNewColumns)
    Modes.find(_.equalsIgnoreCase(found)).getOrElse(throw new RestFailure(
      400, "INVALID_PARAMETER_VALUE",
      s"schemaEvolutionMode must be one of ${Modes.mkString(", ")}; got $found"))
  }

  /** The column with rescued data. */
  val rescued: Option[String] =
    setting("rescuedDataColumn").orElse(
      Option.when(schema.isEmpty && !reader.isFixed && mode != "none")("_rescued_data"))

  val glob: Option[String] = setting("pathGlobFilter").orElse(setting("fileNamePattern"))

  /** The files that are there now. */
  def files: Seq[String] = FileList.of(session, path, glob).map(_.getPath.toString)

  /** The columns that the files have now, those with hints as the hints say. */
  def inferred(files: Seq[String]): StructType = {
    if (files.isEmpty) throw new RestFailure(
      400, "CF_EMPTY_DIR_FOR_SCHEMA_INFERENCE",
      s"Cannot infer a schema because $path has no files. Give one with the option schema.")
    val types = setting("inferColumnTypes").fold(infersTypes)(_.equalsIgnoreCase("true"))
    hinted(reader.infer(files, types))
  }

  private def hinted(schema: StructType): StructType =
    setting("schemaHints").fold(schema) { hints =>
      FileReader.hinted(schema, session.sessionState.sqlParser.parseTableSchema(hints))
    }
}

object Ingestion {
  private val Prefix = "cloudfiles."
  val AddNewColumns = "addNewColumns"
  private val Modes = Seq(AddNewColumns, "rescue", "failOnNewColumns", "none")

  // What is no option of a file format although it has no prefix.
  private val Own = Set(
    "format", "path", "schema", "schemahints", "schemaevolutionmode", "inferschema",
    "infercolumntypes", "rescueddatacolumn", "pathglobfilter", "filenamepattern", "schemalocation",
    "maxfilespertrigger", "maxbytespertrigger", "includeexistingfiles", "usenotifications",
    "allowoverwrites")

  private val Refused = Map(
    "useNotifications" -> ("true".r, "files are found by listing folders here. Leave it out."),
    "useManagedFileEvents" -> ("true".r, "files are found by listing folders here. Leave it out."),
    "includeExistingFiles" -> ("false".r, "all files are read. Move old ones out of the folder."),
    "allowOverwrites" -> ("true".r, "a file is read once. Write each change to a file of its own."),
    "cleanSource" -> ("delete|move".r, "files stay where they are. Remove them in a task of your own."))
}
