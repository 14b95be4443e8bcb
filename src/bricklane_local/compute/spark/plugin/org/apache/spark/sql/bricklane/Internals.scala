// Spark keeps these helpers of its catalog API to its own packages (`private[sql]`), although a
// catalog that serves Spark's own table formats cannot do without them.
package org.apache.spark.sql.bricklane

import org.apache.spark.sql.catalyst.catalog.CatalogTable
import org.apache.spark.sql.connector.catalog.{CatalogV2Util, Column, Table, V1Table}
import org.apache.spark.sql.types.StructType

/** Opens the few helpers of Spark that the catalog needs. */
object Internals {

  /** A table or view which Spark's own rules, and Delta's, read as one of Spark's catalog. */
  def table(description: CatalogTable): Table = V1Table(description)

  /** The columns of a catalog as a schema, with defaults and comments. */
  def schema(columns: Array[Column]): StructType = CatalogV2Util.v2ColumnsToStructType(columns)

  /** A schema as the columns of a catalog. */
  def columns(schema: StructType): Array[Column] = CatalogV2Util.structTypeToV2Columns(schema)
}
