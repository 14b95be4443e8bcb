// Delta lets a delegate of its catalog create tables only when the delegate's class name starts
// with "io.unitycatalog." (AbstractDeltaCatalog.isUnityCatalog, Delta 4.4.0). This is the one
// class that has to live here; everything it needs is in bricklane.spark.
package io.unitycatalog.bricklane

import java.util
import java.util.Locale

import bricklane.spark.{
  Access, Caller, ColumnRecord, Information, Locations, RestClient, RestFailure, SchemaStore, TableAlteration,
  TableOptions, TableRecord, UnfinishedClones
}
import com.fasterxml.jackson.databind.node.ObjectNode
import org.apache.spark.sql.{AnalysisException, SparkSession}
import org.apache.spark.sql.bricklane.Internals
import org.apache.spark.sql.catalyst.analysis.{
  NoSuchFunctionException, NoSuchNamespaceException, NoSuchTableException,
  TableAlreadyExistsException
}
import org.apache.spark.sql.connector.catalog._
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction
import org.apache.spark.sql.connector.expressions.Transform
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.util.CaseInsensitiveStringMap

/**
 * Tables and views of one catalog, kept in Unity Catalog over REST.
 *
 * @param session whose caller is asked for
 * @param name the catalog
 */
final class TableStore(session: SparkSession, override val name: String)
    extends SchemaStore(new RestClient(() => Caller.of(session)), name)
    with TableCatalog
    with FunctionCatalog {

  override def initialize(name: String, options: CaseInsensitiveStringMap): Unit = ()

  override def listTables(namespace: Array[String]): Array[Identifier] = {
    val names =
      if (Information.isSchema(namespace)) Information.views(rest)
      else records(namespace).map(_.name)
    names.map(Identifier.of(namespace, _)).toArray
  }

  private def records(namespace: Array[String]): Seq[TableRecord] = {
    val schema = schemaOf(namespace)
    asNamespace(namespace) {
      rest
        .list(
          "/tables", "tables",
          "catalog_name" -> name, "schema_name" -> schema, "omit_columns" -> "true")
        .map(TableRecord(_))
    }
  }

  // Delta's catalog takes its delegate for one of functions whenever a name is no built-in one. A
  // catalog that loads none makes a misspelt name Spark's own error; [[FunctionRules]] has put the
  // functions of the catalog into the query before.
  override def listFunctions(namespace: Array[String]): Array[Identifier] =
    if (namespace.length != 1 || Information.isSchema(namespace)) Array.empty
    else
      rest
        .list("/functions", "functions", "catalog_name" -> name, "schema_name" -> namespace.head)
        .map(function => Identifier.of(namespace, function.path("name").asText))
        .toArray

  override def loadFunction(ident: Identifier): UnboundFunction =
    throw new NoSuchFunctionException(ident)

  /** Names of the views of a schema. */
  def listViews(namespace: Array[String]): Seq[String] =
    if (Information.isSchema(namespace)) Nil
    else records(namespace).filter(_.isView).map(_.name)

  /** Returns the record of a table or view whose data the caller may use, see [[Access]]. */
  def find(ident: Identifier): Option[TableRecord] = {
    val record = describe(ident)
    record.foreach(Access.check(rest, _))
    record
  }

  /** Returns the record of a table or view whose data is not going to be used. */
  def describe(ident: Identifier): Option[TableRecord] = describe(ident, Access.view)

  private def describe(ident: Identifier, view: Option[String]): Option[TableRecord] =
    if (ident.namespace.length != 1 || isPath(ident)) None
    else rest.find(path(ident), view.map("in_view" -> _).toSeq: _*).map(TableRecord(_))

  /**
   * Asks whether a table or view may be read.
   *
   * @param view the view whose text names it and whose owner must have the privilege; None when
   *   the caller must
   * @throws RestFailure with status 403 when the privilege is missing
   */
  def readable(ident: Identifier, view: Option[String]): Unit =
    describe(ident, view).foreach(Access.read(rest, _, view))

  // In parquet.`/Volumes/…` and its like the "table" is a path, which no name of a table can be.
  private def isPath(ident: Identifier): Boolean = ident.name.contains("/")

  override def loadTable(ident: Identifier): Table =
    if (Information.isSchema(ident.namespace)) Information.load(rest, name, ident.name)
    else find(ident) match {
      case Some(record) =>
        UnfinishedClones.settle(session, record)
        Internals.table(record.toCatalogTable)
      case None => throw new NoSuchTableException(name +: ident.namespace.toSeq :+ ident.name)
    }

  // Without this Spark loads the table, which takes a privilege on its data.
  override def tableExists(ident: Identifier): Boolean =
    if (Information.isSchema(ident.namespace))
      Information.views(rest).exists(_.equalsIgnoreCase(ident.name))
    else describe(ident).isDefined

  override def createTable(
      ident: Identifier,
      schema: StructType,
      partitions: Array[Transform],
      properties: util.Map[String, String]): Table =
    createTable(ident, Internals.columns(schema), partitions, properties)

  override def createTable(
      ident: Identifier,
      columns: Array[Column],
      partitions: Array[Transform],
      properties: util.Map[String, String]): Table = {
    val location = Option(properties.get(TableCatalog.PROP_LOCATION))
    val managed = location.isEmpty ||
      "true".equalsIgnoreCase(properties.get(TableCatalog.PROP_IS_MANAGED_LOCATION))
    val body = newTable(ident)
    body.put("table_type", if (managed) "MANAGED" else "EXTERNAL")
    val format = Option(properties.get(TableCatalog.PROP_PROVIDER))
      .getOrElse("delta")
      .toLowerCase(Locale.ROOT)
    body.put("data_source_format", format.toUpperCase(Locale.ROOT))
    body.put("storage_location", location.getOrElse(stagingLocation(ident)))
    Option(properties.get(TableCatalog.PROP_COMMENT)).foreach(body.put("comment", _))
    val schema = Internals.schema(columns)
    ColumnRecord.write(schema, body.putArray("columns"))
    // The log of a Delta table has its partitions and clusters.
    if (format != "delta") markPartitions(body, schema, partitions)
    val stored = body.putObject("properties")
    TableOptions.stored(properties).toSeq.sorted.foreach { case (k, v) => stored.put(k, v) }
    store(ident, body)
    loadTable(ident)
  }

  /** Asks for a folder of a managed table that is to be made. */
  def stagingLocation(ident: Identifier): String = {
    schemaOf(ident.namespace)
    asNamespace(ident.namespace) {
      val staged = rest.post("/staging-tables", newTable(ident))
      Locations.withScheme(staged.path("staging_location").asText)
    }
  }

  /** Stores a new table or view. */
  def store(ident: Identifier, body: ObjectNode): Unit =
    asNamespace(ident.namespace) {
      try rest.post("/tables", body)
      catch {
        case failure: RestFailure if failure.isPresent =>
          throw new TableAlreadyExistsException(name +: ident.namespace.toSeq :+ ident.name)
      }
    }

  /** Changes a stored table or view. */
  def update(ident: Identifier, body: ObjectNode): Unit =
    rest.patch(path(ident), body)

  /** The part of a request body that names a new table or view. */
  def newTable(ident: Identifier): ObjectNode =
    RestClient.body()
      .put("name", ident.name)
      .put("catalog_name", name)
      .put("schema_name", schemaOf(ident.namespace))

  // Delta tables never come here: Delta changes their log and the API reads it from there.
  override def alterTable(ident: Identifier, changes: TableChange*): Table = {
    val record = describe(ident).getOrElse(
      throw new NoSuchTableException(name +: ident.namespace.toSeq :+ ident.name))
    update(ident, TableAlteration.body(record, changes))
    loadTable(ident)
  }

  override def dropTable(ident: Identifier): Boolean = describe(ident) match {
    case None if Information.isSchema(ident.namespace) =>
      throw new RestFailure(
        403, "PERMISSION_DENIED", s"$name.${Information.Schema} belongs to the system")
    case None => false
    case Some(view) if view.isView =>
      throw new AnalysisException(
        errorClass = "WRONG_COMMAND_FOR_OBJECT_TYPE",
        messageParameters = Map(
          "operation" -> "DROP TABLE",
          "requiredType" -> "EXTERNAL or MANAGED",
          "objectName" -> s"$name.${ident.namespace.head}.${ident.name}",
          "foundType" -> "VIEW",
          "alternative" -> "DROP VIEW"))
    case Some(_) => remove(ident)
  }

  /** Deletes a table or view. Returns false when there is none. */
  def remove(ident: Identifier): Boolean =
    try {
      rest.delete(path(ident))
      true
    } catch { case failure: RestFailure if failure.isMissing => false }

  override def purgeTable(ident: Identifier): Boolean = dropTable(ident)

  override def renameTable(from: Identifier, to: Identifier): Unit = {
    // Spark resolves the catalog of the table only: the new name comes as it was written.
    val written = to.namespace
    val schema = if (written.length == 2 && written.head == name) written.tail else written
    if (schema.nonEmpty && !schema.sameElements(from.namespace)) {
      throw new RestFailure(
        400, "INVALID_PARAMETER_VALUE",
        s"Cannot rename $from to $to: a table stays in its schema")
    }
    try rest.patch(path(from), RestClient.body().put("new_name", to.name))
    catch {
      case failure: RestFailure if failure.isMissing =>
        throw new NoSuchTableException(name +: from.namespace.toSeq :+ from.name)
      case failure: RestFailure if failure.isPresent =>
        throw new TableAlreadyExistsException(name +: to.namespace.toSeq :+ to.name)
    }
  }

  private def path(ident: Identifier): String =
    "/tables/" + RestClient.segment(name, ident.namespace.head, ident.name)

  private def markPartitions(
      body: ObjectNode,
      schema: StructType,
      partitions: Array[Transform]): Unit =
    partitions.map(partitionColumn).zipWithIndex.foreach { case (column, index) =>
      val position = schema.fieldNames.indexWhere(_.equalsIgnoreCase(column))
      body.withArray("columns").get(position).asInstanceOf[ObjectNode].put("partition_index", index)
    }

  private def partitionColumn(transform: Transform): String =
    if (transform.name == "identity") transform.references.head.fieldNames.mkString(".")
    else
      throw new RestFailure(
        400, "INVALID_PARAMETER_VALUE",
        s"Cannot partition by ${transform.describe}: only Delta tables can be clustered, and " +
          "other tables are partitioned by columns")

  /** Turns "no such schema" into the error with which Spark says so. */
  private def asNamespace[T](namespace: Array[String])(body: => T): T =
    try body
    catch {
      case failure: RestFailure if failure.isMissingContainer =>
        throw new NoSuchNamespaceException(name +: namespace.toSeq)
    }
}
