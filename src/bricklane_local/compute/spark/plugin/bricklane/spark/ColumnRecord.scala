package bricklane.spark

import java.util.Locale

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ArrayNode
import org.apache.spark.sql.types._

/** Columns as Unity Catalog writes them (`ColumnInfo` of the Tables API). */
object ColumnRecord {

  /** Appends the columns of a schema to a JSON array. */
  def write(schema: StructType, target: ArrayNode): Unit =
    schema.fields.zipWithIndex.foreach { case (field, position) =>
      val column = target.addObject()
      column.put("name", field.name)
      column.put("type_text", field.dataType.catalogString)
      // The whole field, as Databricks stores it: it alone keeps metadata such as defaults.
      val json = RestClient.parse(StructType(Seq(field)).json).path("fields").get(0)
      column.put("type_json", json.toString)
      column.put("type_name", typeName(field.dataType))
      column.put("position", position)
      column.put("nullable", field.nullable)
      field.getComment().foreach(column.put("comment", _))
      field.dataType match {
        case decimal: DecimalType =>
          column.put("type_precision", decimal.precision)
          column.put("type_scale", decimal.scale)
        case _ =>
      }
    }

  /** Reads a schema; columns that other clients wrote may carry the bare type as `type_json`. */
  def read(columns: JsonNode): StructType = {
    val fields = Seq.newBuilder[StructField]
    columns.forEach(column => fields += readField(column))
    StructType(fields.result())
  }

  private def readField(column: JsonNode): StructField = {
    val name = column.path("name").asText
    val json = column.path("type_json").asText("")
    val field =
      if (json.isEmpty) StructField(name, DataType.fromDDL(column.path("type_text").asText))
      else if (!json.startsWith("{")) StructField(name, bareType(json))
      else if (!RestClient.parse(json).has("name")) StructField(name, DataType.fromJson(json))
      else wholeField(json).copy(name = name)
    val nullable = field.copy(nullable = column.path("nullable").asBoolean(true))
    val comment = column.path("comment").asText("")
    if (comment.isEmpty) nullable else nullable.withComment(comment)
  }

  private def bareType(json: String): DataType =
    DataType.fromJson(if (json.startsWith("\"")) json else "\"" + json + "\"")

  private def wholeField(json: String): StructField =
    DataType.fromJson(s"""{"type":"struct","fields":[$json]}""") match {
      case struct: StructType => struct.head
      case other => throw new IllegalStateException(s"not a struct: $other")
    }

  // Names of `ColumnTypeName` where they differ from Spark's own.
  private val Names: Map[DataType, String] = Map(
    IntegerType -> "INT",
    TimestampNTZType -> "TIMESTAMP_NTZ",
    NullType -> "NULL")

  /** The `ColumnTypeName` of a type. */
  def typeName(dataType: DataType): String = dataType match {
    case _: DecimalType => "DECIMAL"
    case _: ArrayType => "ARRAY"
    case _: MapType => "MAP"
    case _: StructType => "STRUCT"
    case _: CharType => "CHAR"
    case _: DayTimeIntervalType | _: YearMonthIntervalType => "INTERVAL"
    case _: StringType => "STRING"
    case other => Names.getOrElse(other, other.typeName.toUpperCase(Locale.ROOT))
  }
}
