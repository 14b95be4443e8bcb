package bricklane.spark

import java.util

import scala.jdk.CollectionConverters._

import org.apache.spark.sql.connector.catalog.TableCatalog

/**
 * Options of a data source (`OPTIONS (header true)`), which the Tables API has no field for.
 *
 * They are kept among the properties under the prefix with which Spark hands them over.
 */
object TableOptions {
  private val Prefix = TableCatalog.OPTION_PREFIX

  // What Spark passes as properties although the API has fields for it.
  private val Reserved = Set(
    TableCatalog.PROP_LOCATION,
    TableCatalog.PROP_IS_MANAGED_LOCATION,
    TableCatalog.PROP_EXTERNAL,
    TableCatalog.PROP_TABLE_TYPE,
    TableCatalog.PROP_COMMENT,
    TableCatalog.PROP_PROVIDER,
    TableCatalog.PROP_OWNER,
    "path",
    Prefix + "path")

  /** The properties to store for a new table. Options come twice, with and without prefix. */
  def stored(properties: util.Map[String, String]): Map[String, String] = {
    val all = properties.asScala.toMap
    val options = fromProperties(all).keySet
    all.filter { case (key, _) => !Reserved(key) && !options(key) }
  }

  /** The options among stored properties. */
  def fromProperties(properties: Map[String, String]): Map[String, String] =
    properties.collect {
      case (key, value) if key.startsWith(Prefix) => key.stripPrefix(Prefix) -> value
    }

  /** The stored properties that a user gave as properties. */
  def withoutOptions(properties: Map[String, String]): Map[String, String] =
    properties.filterNot { case (key, _) => key.startsWith(Prefix) }
}
