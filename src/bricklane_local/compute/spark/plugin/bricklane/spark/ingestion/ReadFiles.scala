package bricklane.spark.ingestion

import bricklane.spark.{Caller, Constant, RestFailure}
import bricklane.spark.dialect.StreamOfFiles
import org.apache.spark.sql.catalyst.analysis.UnresolvedTableValuedFunction
import org.apache.spark.sql.catalyst.expressions.NamedArgumentExpression
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.classic.SparkSession

/**
 * The table function `read_files`.
 *
 * https://docs.databricks.com/sql/language-manual/functions/read_files
 */
final case class ReadFiles(session: SparkSession) extends Rule[LogicalPlan] {
  private val Name = "read_files"

  override def apply(plan: LogicalPlan): LogicalPlan = plan.transformDownWithSubqueries {
    case UnresolvedTableValuedFunction(Seq(name), arguments, isStream)
        if Set(Name, StreamOfFiles.Name)(name.toLowerCase) && Caller.isKnown(session) =>
      val isStreaming = isStream || name == StreamOfFiles.Name
      val options = arguments.zipWithIndex.map {
        case (NamedArgumentExpression(key, value), _) => key -> Constant.of(session, key, Name, value)
        case (value, 0) => "path" -> Constant.of(session, "path", Name, value)
        case (_, index) => throw new RestFailure(
          400, "INVALID_PARAMETER_VALUE",
          s"argument ${index + 1} of read_files must be named, as in format => 'csv'")
      }.toMap
      val path = options.getOrElse("path", throw new RestFailure(
        400, "INVALID_PARAMETER_VALUE", "read_files needs a path"))
      if (isStreaming) stream(path, options - "path") else batch(path, options - "path")
  }

  private def batch(path: String, options: Map[String, String]): LogicalPlan = {
    val given = options.get("schema").map(session.sessionState.sqlParser.parseTableSchema)
    val files = FileList.of(session, path, options.get("pathGlobFilter").orElse(options.get("fileNamePattern")))
      .map(_.getPath.toString)
    val format = options.get("format").orElse(files.headOption.flatMap(formatOf)).getOrElse(
      throw new RestFailure(
        400, "INVALID_PARAMETER_VALUE", s"the format of $path is not clear: set format => 'csv'"))
    val ingestion = Ingestion(
      session, path, options + ("format" -> format), given, infersTypes = true)
    val schema = given.getOrElse(ingestion.inferred(files))
    val found =
      if (files.isEmpty) session.createDataFrame(new java.util.ArrayList[org.apache.spark.sql.Row](), schema)
      else ingestion.reader.read(files, schema, ingestion.rescued)
    HiddenColumns.hide(org.apache.spark.sql.bricklane.Internals.plan(found))
  }

  private def stream(path: String, options: Map[String, String]): LogicalPlan = {
    val reader = session.readStream.format("cloudFiles").options(options.filter(_._1 != "schema"))
    options.get("schema").foreach(reader.schema)
    val prepared = if (options.contains("schema") || options.contains("schemaLocation")) reader
      else reader.option("cloudFiles.schemaEvolutionMode", "rescue")
    val format = options.getOrElse("format", throw new RestFailure(
      400, "INVALID_PARAMETER_VALUE", "STREAM read_files needs a format, as in format => 'csv'"))
    prepared.option("cloudFiles.format", format)
    prepared.option("cloudFiles.inferColumnTypes", "true")
    org.apache.spark.sql.bricklane.Internals.plan(prepared.load(path))
  }

  private def formatOf(file: String): Option[String] = {
    val name = file.stripSuffix(".gz").stripSuffix(".bz2")
    Some(name.substring(name.lastIndexOf('.') + 1).toLowerCase)
      .filter(FileReader.Formats - "binaryfile")
      .orElse(Some("text").filter(_ => name.endsWith(".txt")))
      .orElse(Some("json").filter(_ => name.endsWith(".jsonl") || name.endsWith(".ndjson")))
  }
}
