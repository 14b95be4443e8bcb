package bricklane.spark.ingestion

import bricklane.spark.{RestFailure, Sessions}
import org.apache.spark.sql.{DataFrame, SQLContext}
import org.apache.spark.sql.bricklane.Internals
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.connector.read.streaming.{
  Offset => AnyOffset, ReadLimit, SupportsAdmissionControl, SupportsTriggerAvailableNow
}
import org.apache.spark.sql.execution.streaming.{Offset, Source}
import org.apache.spark.sql.execution.streaming.runtime.FileStreamSource
import org.apache.spark.sql.sources.{DataSourceRegister, StreamSourceProvider}
import org.apache.spark.sql.types.{StringType, StructField, StructType}

/**
 * Auto Loader: `spark.readStream.format("cloudFiles")`.
 *
 * https://docs.databricks.com/ingestion/cloud-object-storage/auto-loader/
 */
final class CloudFiles extends StreamSourceProvider with DataSourceRegister {

  override def shortName(): String = "cloudFiles"

  override def sourceSchema(
      context: SQLContext,
      schema: Option[StructType],
      provider: String,
      options: Map[String, String]): (String, StructType) =
    (shortName(), stream(context, schema, options).output)

  override def createSource(
      context: SQLContext,
      metadata: String,
      schema: Option[StructType],
      provider: String,
      options: Map[String, String]): Source =
    new CloudFilesSource(stream(context, schema, options), metadata)

  private def stream(
      context: SQLContext,
      schema: Option[StructType],
      options: Map[String, String]): CloudFilesStream = {
    val path = options.collectFirst { case (key, value) if key.equalsIgnoreCase("path") => value }
      .getOrElse(throw new RestFailure(400, "INVALID_PARAMETER_VALUE", "cloudFiles needs a path"))
    new CloudFilesStream(Ingestion(
      Sessions.classic(context.sparkSession), path, options, schema, infersTypes = false))
  }
}

/**
 * What a stream reads, and into which columns.
 *
 * @param ingestion its options
 */
final class CloudFilesStream(val ingestion: Ingestion) {
  val session: SparkSession = ingestion.session
  private val log = ingestion.setting("schemaLocation").map(new SchemaLog(session, _))

  if (log.isEmpty && ingestion.schema.isEmpty && !ingestion.reader.isFixed &&
      ingestion.mode == Ingestion.AddNewColumns) {
    throw new RestFailure(
      400, "CF_SCHEMA_LOCATION_REQUIRED",
      "Give the stream a schema, or a folder for the inferred one with the option " +
        "cloudFiles.schemaLocation")
  }

  /** The columns of the files, as known when the stream starts. */
  val columns: StructType = ingestion.schema.getOrElse {
    log.flatMap(_.latest()).getOrElse {
      val found = ingestion.inferred(ingestion.files)
      log.foreach(_.add(found))
      found
    }
  }

  /** The columns of the source, the hidden one included. */
  val output: StructType = StructType(
    columns ++ ingestion.rescued.map(StructField(_, StringType)) :+
      StructField("_metadata", FileMetadata.Type, nullable = false, HiddenColumns.Mark))

  /**
   * Reads files of a batch.
   *
   * @throws RestFailure when there are new columns and the stream is to end then: with
   *   `addNewColumns` the next start has them
   */
  def read(files: Seq[String]): DataFrame = {
    if (ingestion.mode == Ingestion.AddNewColumns || ingestion.mode == "failOnNewColumns") {
      val unknown = ingestion.reader.unknown(files, columns)
      if (unknown.nonEmpty) evolve(files, unknown)
    }
    ingestion.reader.read(files, columns, ingestion.rescued)
  }

  private def evolve(files: Seq[String], unknown: Seq[String]): Nothing = {
    val names = unknown.mkString(", ")
    if (ingestion.mode == "failOnNewColumns") throw new RestFailure(
      400, "UNKNOWN_FIELD_EXCEPTION",
      s"The files have new columns: $names. With failOnNewColumns the stream goes on only with " +
        "another schema or without these files")
    log.foreach(_.add(FileReader.merge(
      columns,
      StructType(ingestion.inferred(files).filter(field => unknown.contains(field.name))))))
    throw new RestFailure(
      400, "UNKNOWN_FIELD_EXCEPTION",
      s"The files have new columns: $names. They were added to the schema: start the stream again")
  }
}

/** The type of `_metadata`, as Spark's file sources have it. */
object FileMetadata {
  val Type: StructType = StructType.fromDDL(
    "file_path STRING NOT NULL, file_name STRING NOT NULL, file_size BIGINT NOT NULL, " +
      "file_block_start BIGINT NOT NULL, file_block_length BIGINT NOT NULL, " +
      "file_modification_time TIMESTAMP NOT NULL")
}

/**
 * Reads each file once. Which files there are, and which of them were read, is the business of
 * Spark's own source of files, whose log is in the stream's checkpoint.
 *
 * @param stream what is read
 * @param metadata the source's folder in the checkpoint
 */
final class CloudFilesSource(stream: CloudFilesStream, metadata: String)
    extends Source with SupportsAdmissionControl with SupportsTriggerAvailableNow {

  private val limits = Seq("maxFilesPerTrigger", "maxBytesPerTrigger").flatMap { name =>
    stream.ingestion.setting(name).map(name -> bytes(_))
  }.toMap

  private val listing = new FileStreamSource(
    stream.session, stream.ingestion.path, "binaryFile",
    StructType.fromDDL("path STRING, modificationTime TIMESTAMP, length BIGINT, content BINARY"),
    Nil, metadata,
    Map("path" -> stream.ingestion.path, "recursiveFileLookup" -> "true") ++
      (if (limits.isEmpty) Map("maxFilesPerTrigger" -> "1000") else limits) ++
      stream.ingestion.glob.map("pathGlobFilter" -> _))

  private def bytes(value: String): String =
    if (value.matches("\\d+")) value
    else org.apache.spark.network.util.JavaUtils.byteStringAsBytes(value.stripSuffix("b").stripSuffix("B")).toString

  override def schema: StructType = stream.output

  override def getOffset: Option[Offset] =
    throw new UnsupportedOperationException("latestOffset(start, limit) is asked for instead")

  override def getBatch(start: Option[Offset], end: Offset): DataFrame = {
    val files = listing.getBatch(start, end)
    val names = Internals.batch(stream.session, files).select("path").collect().map(_.getString(0)).toSeq
    if (names.isEmpty) Internals.emptyStream(stream.session, schema)
    else Internals.asStream(stream.session, stream.read(names.sorted))
  }

  override def latestOffset(start: AnyOffset, limit: ReadLimit): AnyOffset =
    listing.latestOffset(start, limit)
  override def getDefaultReadLimit: ReadLimit = listing.getDefaultReadLimit
  override def reportLatestOffset(): AnyOffset = listing.reportLatestOffset()
  override def prepareForTriggerAvailableNow(): Unit = listing.prepareForTriggerAvailableNow()
  override def initialOffset(): AnyOffset = listing.initialOffset()
  override def deserializeOffset(json: String): AnyOffset = listing.deserializeOffset(json)
  override def commit(end: Offset): Unit = listing.commit(end)
  override def stop(): Unit = listing.stop()
}
