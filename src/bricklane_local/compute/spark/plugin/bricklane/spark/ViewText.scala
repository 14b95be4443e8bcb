package bricklane.spark

import org.apache.spark.sql.catalyst.catalog.CatalogTable

/**
 * The settings under which the text of a view is read.
 *
 * A view's names are relative to the catalog and schema that were current when it was made, and
 * its text is read under the SQL settings of then. Spark keeps both as properties of the view
 * (`CatalogTable.VIEW_PREFIX`), and so do we, in the properties of the table.
 */
object ViewText {
  private val NumberOfParts = CatalogTable.VIEW_CATALOG_AND_NAMESPACE + "numParts"

  /** Names the view whose text is being resolved, for [[Access.view]]. */
  val NameKey = "spark.bricklane.view"

  /** Returns the text of a stored view, and the properties with which Spark is to read it. */
  def read(record: TableRecord): (String, Map[String, String]) = {
    val full = s"${record.catalogName}.${record.schemaName}.${record.name}"
    val place =
      // Made through the REST API by another client: its own schema is the best guess.
      if (record.properties.contains(NumberOfParts)) Map.empty[String, String]
      else CatalogTable.catalogAndNamespaceToProps(record.catalogName, Seq(record.schemaName)) +
        (CatalogTable.VIEW_SCHEMA_MODE -> "EVOLUTION")
    val named = Map(CatalogTable.VIEW_SQL_CONFIG_PREFIX + NameKey -> full)
    (record.json.path("view_definition").asText, place ++ record.properties ++ named)
  }
}
