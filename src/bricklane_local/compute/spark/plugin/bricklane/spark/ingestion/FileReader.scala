package bricklane.spark.ingestion

import java.util.Locale

import bricklane.spark.dialect.Refusal
import org.apache.spark.sql.{Column, DataFrame}
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.functions._
import org.apache.spark.sql.types._

/**
 * Reads files whose columns differ from file to file into one schema.
 *
 * CSV and JSON are read as texts first, by the names that each file has, and converted afterwards:
 * so a value that does not fit its column, or has none, is not lost (rescued data).
 *
 * https://docs.databricks.com/ingestion/cloud-object-storage/auto-loader/schema.html
 *
 * @param session reads
 * @param format of the files, such as csv
 * @param options of the format
 */
final class FileReader(session: SparkSession, format: String, options: Map[String, String]) {
  import FileReader._

  private val kind = format.toLowerCase(Locale.ROOT)
  private def option(name: String): Option[String] =
    options.collectFirst { case (key, value) if key.equalsIgnoreCase(name) => value }

  if (!Formats(kind)) throw new Refusal(
    s"The file format $format", s"these are supported: ${Formats.toSeq.sorted.mkString(", ")}.")

  /** Whether the format has a fixed schema, so that nothing can be rescued. */
  def isFixed: Boolean = Fixed(kind)

  private def isText: Boolean = kind == "csv" || kind == "json"

  private def hasHeader: Boolean = kind == "csv" && option("header").exists(_.equalsIgnoreCase("true"))

  private def reader = session.read
    .options(options.filterNot { case (key, _) => key.equalsIgnoreCase("inferSchema") })
    .format(if (kind == "binaryfile") "binaryFile" else kind)

  // CSV files are read together when they have the same header.
  private def groups(files: Seq[String]): Seq[Seq[String]] =
    if (!hasHeader || files.length < 2) Seq(files)
    else files.groupBy(file => reader.load(file).schema.fieldNames.toSeq).values.toSeq.sortBy(_.head)

  /** Returns the columns of some files, partition columns included. */
  def infer(files: Seq[String], types: Boolean): StructType = {
    val own = kind match {
      case "csv" =>
        groups(files).map(group => reader.option("inferSchema", types.toString).load(group: _*).schema)
          .reduce(merge)
      case "json" => StructType(reader.load(files: _*).schema.filterNot(_.name == Corrupt))
      case "parquet" | "orc" => reader.option("mergeSchema", "true").load(files: _*).schema
      case _ => reader.load(files: _*).schema
    }
    val columns = if (types || !isText) own else StructType(own.map(_.copy(dataType = StringType)))
    StructType(columns.map(_.copy(nullable = true)) ++ partitions(files, types, columns))
  }

  private def partitions(files: Seq[String], types: Boolean, own: StructType): Seq[StructField] =
    FileList.partitions(files).filterNot(name => own.exists(_.name.equalsIgnoreCase(name)))
      .map { name =>
        val whole = types && FileList.values(files, name).forall(_.matches("-?\\d{1,9}"))
        StructField(name, if (whole) IntegerType else StringType)
      }

  /**
   * Reads files.
   *
   * @param files at least one
   * @param schema the columns of the result, before the one with rescued data
   * @param rescued name of the column with rescued data, None for no such column
   * @param strict whether a value that does not fit its column is an error
   * @return those columns, and at the end `_metadata`
   */
  def read(
      files: Seq[String],
      schema: StructType,
      rescued: Option[String],
      strict: Boolean = false): DataFrame = {
    val raw = raws(files)
    val known = raw.columns.filterNot(_ == Metadata).map(name => name.toLowerCase(Locale.ROOT) -> name).toMap
    val path = col(s"$Metadata.file_path")
    val columns = schema.map { field =>
      val typed = known.get(field.name.toLowerCase(Locale.ROOT)) match {
        case Some(name) =>
          val (value, from) = (quoted(name), raw.schema(name).dataType)
          val fitting = converted(value, from, field.dataType)
          // Where nothing fits, the same cast that does not try says what is wrong.
          if (strict && from != field.dataType && isScalar(field.dataType))
            when(value.isNotNull && fitting.isNull, value.cast(field.dataType)).otherwise(fitting)
          else fitting
        case None if FileList.partitions(files).contains(field.name) =>
          val value = regexp_extract(path, s"/${field.name}=([^/]*)/", 1)
          when(value =!= "", url_decode(value)).try_cast(field.dataType)
        case None => lit(null).cast(field.dataType)
      }
      typed.as(field.name, field.metadata)
    }
    val more = rescued.map(rescue(raw, known, schema, path).as(_))
    raw.select(columns ++ more :+ quoted(Metadata).as("_metadata", HiddenColumns.Mark): _*)
  }

  /** Names of the columns that some files have and a schema has not. */
  def unknown(files: Seq[String], schema: StructType): Seq[String] =
    infer(files, types = false).fieldNames.toSeq
      .filterNot(name => schema.exists(_.name.equalsIgnoreCase(name)))

  private def raws(files: Seq[String]): DataFrame =
    groups(files).map { group =>
      val frame = kind match {
        case "json" =>
          val names = reader.load(group: _*).schema.fieldNames
          reader.schema(StructType(names.map(StructField(_, StringType)))).load(group: _*)
        case "parquet" | "orc" => reader.option("mergeSchema", "true").load(group: _*)
        case _ => reader.load(group: _*)
      }
      frame.select(frame.columns.map(quoted).toSeq :+ col("_metadata").as(Metadata): _*)
    }.reduce(_.unionByName(_, allowMissingColumns = true))

  private def converted(value: Column, from: DataType, to: DataType): Column = (from, to) match {
    case (same, wanted) if same == wanted => value
    case (StringType, _: StructType | _: ArrayType | _: MapType) =>
      from_json(value, to, Map.empty[String, String])
    case (StringType, VariantType) => try_parse_json(value)
    case (StringType, DateType) if option("dateFormat").isDefined =>
      try_to_timestamp(value, lit(option("dateFormat").get)).cast(DateType)
    case (StringType, TimestampType) if option("timestampFormat").isDefined =>
      try_to_timestamp(value, lit(option("timestampFormat").get))
    case (_: StructType | _: ArrayType | _: MapType, StringType) => to_json(value)
    case _ => value.try_cast(to)
  }

  private def rescue(
      raw: DataFrame,
      known: Map[String, String],
      schema: StructType,
      path: Column): Column = {
    val fields = schema.map(field => field.name.toLowerCase(Locale.ROOT) -> field).toMap
    val lost = known.toSeq.sortBy(_._1).map { case (key, name) =>
      val (value, from) = (quoted(name), raw.schema(name).dataType)
      val kept = text(value, from)
      fields.get(key).fold(kept) { field =>
        when(value.isNotNull && converted(value, from, field.dataType).isNull, kept)
      }.as(name)
    }
    if (lost.isEmpty) lit(null).cast(StringType)
    else when(coalesce(lost: _*).isNotNull, to_json(struct(lost :+ path.as("_file_path"): _*)))
  }

  private def isScalar(kind: DataType): Boolean = kind match {
    case _: StructType | _: ArrayType | _: MapType | VariantType => false
    case _ => true
  }

  private def text(value: Column, from: DataType): Column = from match {
    case _: StructType | _: ArrayType | _: MapType => to_json(value)
    case _ => value.cast(StringType)
  }
}

object FileReader {
  private val Fixed = Set("text", "binaryfile")

  /** The formats that can be ingested. */
  val Formats: Set[String] = Set("csv", "json", "parquet", "orc") ++ Fixed
  private val Corrupt = "_corrupt_record"
  private val Metadata = "__metadata"

  private def quoted(name: String): Column = col("`" + name.replace("`", "``") + "`")

  /** The columns of both; a column that they have with different types has the wider one. */
  def merge(one: StructType, other: StructType): StructType = {
    val same = one.map { field =>
      other.find(_.name.equalsIgnoreCase(field.name))
        .fold(field)(found => field.copy(dataType = wider(field.dataType, found.dataType)))
    }
    StructType(same ++ other.filterNot(f => one.exists(_.name.equalsIgnoreCase(f.name))))
  }

  private def wider(one: DataType, other: DataType): DataType = (one, other) match {
    case (same, too) if same == too => same
    case (ByteType | ShortType | IntegerType | LongType, ByteType | ShortType | IntegerType | LongType) =>
      LongType
    case (_: NumericType, _: NumericType) => DoubleType
    case (a: StructType, b: StructType) => merge(a, b)
    case _ => StringType
  }

  /** A schema with other types for some columns, and further columns. */
  def hinted(schema: StructType, hints: StructType): StructType = {
    def hint(name: String) = hints.find(_.name.equalsIgnoreCase(name))
    StructType(
      schema.map(field => hint(field.name).fold(field)(found => field.copy(dataType = found.dataType))) ++
        hints.filterNot(found => schema.exists(_.name.equalsIgnoreCase(found.name))))
  }
}
