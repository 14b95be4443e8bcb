// Spark keeps these helpers of its catalog API to its own packages (`private[sql]`), although a
// catalog that serves Spark's own table formats cannot do without them.
package org.apache.spark.sql.bricklane

import java.util.{ArrayList => JavaList, HashMap => JavaMap}

import org.apache.spark.api.python.{PythonEvalType, SimplePythonFunction}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.catalyst.catalog.CatalogTable
import org.apache.spark.sql.catalyst.expressions.{Expression, PythonUDF}
import org.apache.spark.sql.catalyst.plans.logical.{LocalRelation, LogicalPlan}
import org.apache.spark.sql.catalyst.types.DataTypeUtils
import org.apache.spark.sql.classic.{Dataset, SparkSession}
import org.apache.spark.sql.connector.catalog.{CatalogV2Util, Column, Table, V1Table}
import org.apache.spark.sql.execution.datasources.LogicalRelation
import org.apache.spark.sql.types.{DataType, StructField, StructType}

/** Opens the few helpers of Spark that the catalog needs. */
object Internals {

  /** A table or view which Spark's own rules, and Delta's, read as one of Spark's catalog. */
  def table(description: CatalogTable): Table = V1Table(description)

  /** The columns of a catalog as a schema, with defaults and comments. */
  def schema(columns: Array[Column]): StructType = CatalogV2Util.v2ColumnsToStructType(columns)

  /** The default of a column or parameter, as written. */
  def default(field: StructField): Option[String] = field.getDefault()

  /**
   * A call of a Python function, row by row.
   *
   * @param name of the function
   * @param pickled the function and its type, as Spark's Python processes read them
   * @param python the interpreter
   * @param version of the interpreter, such as 3.11
   */
  def pythonCall(
      name: String,
      pickled: Array[Byte],
      python: String,
      version: String,
      returns: DataType,
      arguments: Seq[Expression],
      deterministic: Boolean): Expression =
    PythonUDF(
      name,
      SimplePythonFunction(
        pickled.toSeq, new JavaMap[String, String](), new JavaList[String](), python, version,
        new JavaList(), null),
      returns, arguments, PythonEvalType.SQL_BATCHED_UDF, deterministic)

  /** The plan of a query whose names are resolved. */
  def plan(frame: DataFrame): LogicalPlan = frame match {
    case here: Dataset[_] => here.queryExecution.analyzed
    case other => throw new IllegalStateException(s"not a query of this JVM: ${other.getClass}")
  }

  /** A plan as a query. */
  def frame(session: SparkSession, plan: LogicalPlan): DataFrame = Dataset.ofRows(session, plan)

  /** A batch that a source of streams gave, as a query that can be run by itself. */
  def batch(session: SparkSession, frame: DataFrame): DataFrame =
    Dataset.ofRows(session, plan(frame).transform {
      case relation: LogicalRelation => relation.copy(isStreaming = false)
    })

  /** A query as the batch of a source of streams. */
  def asStream(session: SparkSession, frame: DataFrame): DataFrame =
    Dataset.ofRows(session, plan(frame).transform {
      case relation: LogicalRelation => relation.copy(isStreaming = true)
    })

  /** The batch of a source of streams that has no rows. */
  def emptyStream(session: SparkSession, schema: StructType): DataFrame =
    Dataset.ofRows(
      session, LocalRelation(DataTypeUtils.toAttributes(schema), Nil, isStreaming = true))

  /** A schema as the columns of a catalog. */
  def columns(schema: StructType): Array[Column] = CatalogV2Util.structTypeToV2Columns(schema)
}
