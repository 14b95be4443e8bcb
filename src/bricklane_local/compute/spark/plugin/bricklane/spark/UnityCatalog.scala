package bricklane.spark

import java.util

import io.unitycatalog.bricklane.TableStore
import org.apache.spark.sql.connector.catalog.{
  Identifier, StagedTable, Table, TableCatalog, TableWritePrivilege
}
import org.apache.spark.sql.connector.expressions.Transform
import org.apache.spark.sql.delta.catalog.DeltaCatalog
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.util.CaseInsensitiveStringMap

/**
 * A catalog of Unity Catalog in Spark: Delta's catalog over our [[TableStore]].
 *
 * Delta does everything on Delta tables; the store knows which tables there are and where.
 */
class UnityCatalog extends DeltaCatalog {
  private var tables: TableStore = _

  override def initialize(name: String, options: CaseInsensitiveStringMap): Unit = {
    val settings = new util.HashMap[String, String](options.asCaseSensitiveMap)
    // Otherwise Delta calls the Delta REST API of open-source Unity Catalog beside the delegate.
    settings.put("deltaRestApi.enabled", "false")
    super.initialize(name, new CaseInsensitiveStringMap(settings))
    tables = new TableStore(spark, Catalogs.normal(name))
    setDelegateCatalog(tables)
  }

  /** The store behind this catalog, for the commands on views. */
  def store: TableStore = tables

  override def loadTable(
      ident: Identifier,
      privileges: util.Set[TableWritePrivilege]): Table =
    Access.toWrite(loadTable(ident))

  override def createTable(
      ident: Identifier,
      schema: StructType,
      partitions: Array[Transform],
      properties: util.Map[String, String]): Table =
    super.createTable(ident, schema, partitions, placed(ident, properties))

  override def stageCreate(
      ident: Identifier,
      schema: StructType,
      partitions: Array[Transform],
      properties: util.Map[String, String]): StagedTable =
    super.stageCreate(ident, schema, partitions, placed(ident, properties))

  override def stageReplace(
      ident: Identifier,
      schema: StructType,
      partitions: Array[Transform],
      properties: util.Map[String, String]): StagedTable =
    super.stageReplace(ident, schema, partitions, placedAgain(ident, properties))

  override def stageCreateOrReplace(
      ident: Identifier,
      schema: StructType,
      partitions: Array[Transform],
      properties: util.Map[String, String]): StagedTable =
    super.stageCreateOrReplace(ident, schema, partitions, placedAgain(ident, properties))

  /**
   * Gives a new managed table the folder which the catalog chose for it.
   *
   * Without a location Delta would put it into Spark's warehouse folder, and without
   * `is_managed_location` it would call the table external.
   */
  private def placed(
      ident: Identifier,
      properties: util.Map[String, String]): util.Map[String, String] =
    if (properties.containsKey(TableCatalog.PROP_LOCATION) || isPathIdentifier(ident)) properties
    else managedAt(properties, tables.stagingLocation(ident))

  /** Like [[placed]], but a table that exists stays where it is. */
  private def placedAgain(
      ident: Identifier,
      properties: util.Map[String, String]): util.Map[String, String] =
    Access.toWrite(tables.find(ident)) match {
      case Some(record) if record.isDelta && !record.isView &&
          !properties.containsKey(TableCatalog.PROP_LOCATION) =>
        val located = new util.HashMap[String, String](properties)
        record.location.foreach(located.put(TableCatalog.PROP_LOCATION, _))
        located.put(TableCatalog.PROP_IS_MANAGED_LOCATION, record.isManaged.toString)
        located
      case _ => placed(ident, properties)
    }

  private def managedAt(
      properties: util.Map[String, String],
      location: String): util.Map[String, String] = {
    val placed = new util.HashMap[String, String](properties)
    placed.put(TableCatalog.PROP_LOCATION, location)
    placed.put(TableCatalog.PROP_IS_MANAGED_LOCATION, "true")
    placed
  }
}
