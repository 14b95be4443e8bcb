package bricklane.spark

import java.util

import scala.jdk.CollectionConverters._

import com.fasterxml.jackson.databind.JsonNode
import org.apache.spark.sql.bricklane.Internals
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.connector.catalog.{SupportsRead, Table, TableCapability}
import org.apache.spark.sql.connector.catalog.Column
import org.apache.spark.sql.connector.read.{LocalScan, Scan, ScanBuilder}
import org.apache.spark.sql.types.{IntegerType, LongType, StructType, TimestampType}
import org.apache.spark.sql.util.CaseInsensitiveStringMap
import org.apache.spark.unsafe.types.UTF8String

/**
 * `information_schema`: views of the metastore, whose rows the catalog's API gives to the caller.
 *
 * https://docs.databricks.com/sql/language-manual/sql-ref-information-schema
 */
object Information {
  val Schema = "information_schema"

  /** The catalog whose `information_schema` tells of all catalogs. */
  val SystemCatalog = "system"
  private val Path = "/information-schema"

  /** Whether a namespace is the `information_schema` of its catalog. */
  def isSchema(namespace: Array[String]): Boolean =
    namespace.length == 1 && namespace.head.equalsIgnoreCase(Schema)

  /** Names of the views. */
  def views(rest: RestClient): Seq[String] =
    rest.get(Path).path("views").elements.asScala.map(_.asText).toSeq

  /** Loads a view with the rows that the caller may see. */
  def load(rest: RestClient, catalog: String, view: String): Table = {
    val path = s"$Path/${RestClient.segment(view)}"
    rest.find(path, "catalog_name" -> catalog) match {
      case Some(answer) => new InformationView(s"$catalog.$Schema.$view", answer)
      case None =>
        throw new org.apache.spark.sql.catalyst.analysis.NoSuchTableException(
          Seq(catalog, Schema, view))
    }
  }
}

/**
 * One view with its rows.
 *
 * @param name its full name
 * @param answer columns and rows, as the API answers them
 */
final class InformationView(override val name: String, answer: JsonNode)
    extends Table with SupportsRead {

  private val types: StructType = StructType.fromDDL(
    answer.path("columns").elements.asScala
      .map(column => s"`${column.path("name").asText}` ${column.path("type").asText}")
      .mkString(", "))

  override def columns: Array[Column] = Internals.columns(types)

  override def capabilities: util.Set[TableCapability] = util.EnumSet.of(TableCapability.BATCH_READ)

  override def newScanBuilder(options: CaseInsensitiveStringMap): ScanBuilder = () => scan

  private lazy val scan: Scan = new LocalScan {
    override def readSchema: StructType = types
    override def rows: Array[InternalRow] =
      answer.path("rows").elements.asScala.map { row =>
        InternalRow.fromSeq(types.fields.toSeq.zip(row.elements.asScala.toSeq).map {
          case (field, value) => cell(field.dataType, value)
        })
      }.toArray
  }

  private def cell(kind: org.apache.spark.sql.types.DataType, value: JsonNode): Any =
    if (value.isNull) null
    else kind match {
      case IntegerType => value.asInt
      case LongType => value.asLong
      case TimestampType => value.asLong * 1000 // the API counts milliseconds, Spark microseconds
      case _ => UTF8String.fromString(value.asText)
    }
}
