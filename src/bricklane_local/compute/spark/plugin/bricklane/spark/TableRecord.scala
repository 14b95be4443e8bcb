package bricklane.spark

import java.util.Locale

import scala.jdk.CollectionConverters._

import com.fasterxml.jackson.databind.JsonNode
import org.apache.spark.sql.catalyst.TableIdentifier
import org.apache.spark.sql.catalyst.catalog.{
  CatalogStorageFormat, CatalogTable, CatalogTableType, CatalogUtils
}
import org.apache.spark.sql.types.StructType

/**
 * One table or view as the Tables API describes it.
 *
 * @param json a `TableInfo`
 */
final case class TableRecord(json: JsonNode) {
  private def text(key: String): Option[String] =
    Option(json.path(key).asText("")).filter(_.nonEmpty)

  def id: String = json.path("table_id").asText
  def name: String = json.path("name").asText
  def schemaName: String = json.path("schema_name").asText
  def catalogName: String = json.path("catalog_name").asText
  def tableType: String = json.path("table_type").asText
  def isView: Boolean = tableType == "VIEW"
  // The tables of pipelines are managed tables with a type of their own.
  def isManaged: Boolean =
    Set("MANAGED", "MATERIALIZED_VIEW", "STREAMING_TABLE").contains(tableType)
  def location: Option[String] = text("storage_location")
  def comment: Option[String] = text("comment")
  def format: String = text("data_source_format").getOrElse("DELTA").toLowerCase(Locale.ROOT)
  def isDelta: Boolean = format == "delta"

  def properties: Map[String, String] =
    json.path("properties").fields.asScala.map(e => e.getKey -> e.getValue.asText).toMap

  /** The form in which Spark's own rules read tables and views. */
  def toCatalogTable: CatalogTable = if (isView) view else table

  private def identifier = TableIdentifier(name, Some(schemaName), Some(catalogName))

  private def table: CatalogTable = CatalogTable(
    identifier = identifier,
    tableType = if (isManaged) CatalogTableType.MANAGED else CatalogTableType.EXTERNAL,
    storage = CatalogStorageFormat.empty.copy(
      locationUri = location.map(value => CatalogUtils.stringToURI(Locations.withScheme(value))),
      properties = TableOptions.fromProperties(properties)),
    // A Delta table's schema is in its log, the only source of it; a copy could be behind.
    schema = if (isDelta) new StructType() else ColumnRecord.read(json.path("columns")),
    provider = Some(format),
    partitionColumnNames = if (isDelta) Nil else partitionColumns,
    owner = text("owner").getOrElse(""),
    createTime = json.path("created_at").asLong(0),
    properties = TableOptions.withoutOptions(properties),
    comment = comment,
    // Files on disk say which partitions there are; the API keeps no list of them.
    tracksPartitionsInCatalog = false)

  private def partitionColumns: Seq[String] =
    json.path("columns").elements.asScala
      .filter(_.hasNonNull("partition_index"))
      .toSeq
      .sortBy(_.path("partition_index").asInt)
      .map(_.path("name").asText)

  private def view: CatalogTable = {
    val (text, settings) = ViewText.read(this)
    CatalogTable(
      identifier = identifier,
      tableType = CatalogTableType.VIEW,
      storage = CatalogStorageFormat.empty,
      schema = ColumnRecord.read(json.path("columns")),
      owner = this.text("owner").getOrElse(""),
      createTime = json.path("created_at").asLong(0),
      properties = settings,
      viewText = Some(text),
      viewOriginalText = Some(text),
      comment = comment,
      tracksPartitionsInCatalog = false)
  }
}
