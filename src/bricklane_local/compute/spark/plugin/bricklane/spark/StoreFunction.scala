package bricklane.spark

import bricklane.spark.dialect.Refusal
import com.fasterxml.jackson.databind.node.ObjectNode
import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.bricklane.Internals
import org.apache.spark.sql.catalyst.expressions.{Alias, Attribute, AttributeReference, Cast, Literal}
import org.apache.spark.sql.catalyst.plans.logical.{LogicalPlan, OneRowRelation, Project}
import org.apache.spark.sql.classic.{SparkSession => ClassicSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand
import org.apache.spark.sql.types.{DataType, StringType, StructType}

/**
 * `CREATE FUNCTION`: checks a function and stores it in Unity Catalog.
 *
 * https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-create-sql-function
 *
 * @param name parts of the name as written
 * @param parameters as written, "" for none
 * @param returns the type or columns as written, "" when the body says it
 * @param isTable whether it returns a table
 * @param body an expression, a query or Python
 * @param language SQL or PYTHON
 * @param comment its comment
 * @param isDeterministic whether it was declared so
 * @param ifNotExists do nothing when it exists
 * @param replace replace the function when it exists
 */
final case class StoreFunction(
    name: Seq[String],
    parameters: String,
    returns: String,
    isTable: Boolean,
    body: String,
    language: String,
    comment: Option[String],
    isDeterministic: Option[Boolean],
    ifNotExists: Boolean,
    replace: Boolean)
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val full = SecurableName("function", StatementName(Right(name))).parts(session)
    val rest = Sessions.rest(session)
    val there = rest.find(Functions.path(full)).isDefined
    if (!(there && ifNotExists)) {
      val described = describe(session, full)
      check(session, FunctionRecord(described.deepCopy().put("full_name", full.mkString("."))))
      if (there && replace) rest.delete(Functions.path(full))
      val request = RestClient.body()
      request.set[ObjectNode]("function_info", described)
      rest.post("/functions", request)
    }
    Nil
  }

  private def describe(session: ClassicSession, full: Seq[String]): ObjectNode = {
    val Seq(catalog, schema, last) = full
    val parser = session.sessionState.sqlParser
    val input = if (parameters.trim.isEmpty) new StructType() else parser.parseRoutineParam(parameters)
    val made = RestClient.body().put("name", last).put("specific_name", last)
      .put("catalog_name", catalog).put("schema_name", schema)
    write(made, "input_params", input)
    if (isTable) {
      if (returns.trim.isEmpty) throw new Refusal(
        s"RETURNS TABLE of the function $last without columns", "list them: RETURNS TABLE (a INT).")
      write(made, "return_params", parser.parseTableSchema(returns))
      made.put("data_type", "TABLE_TYPE").put("full_data_type", s"TABLE($returns)")
    } else {
      val kind = if (returns.trim.isEmpty) inferred(session, input) else parser.parseDataType(returns)
      made.put("data_type", ColumnRecord.typeName(kind)).put("full_data_type", kind.sql)
    }
    val manager = session.sessionState.catalogManager
    made.put("sql_path", s"${manager.currentCatalog.name()}.${manager.currentNamespace.mkString(".")}")
    if (language == "PYTHON") made.put("routine_body", "EXTERNAL").put("external_language", "PYTHON")
    else made.put("routine_body", "SQL")
    comment.foreach(made.put("comment", _))
    made.put("routine_definition", body)
      .put("parameter_style", "S").put("sql_data_access", "CONTAINS_SQL")
      .put("is_deterministic", isDeterministic.getOrElse(true)).put("is_null_call", false)
      .put("security_type", "DEFINER")
  }

  private def write(made: ObjectNode, field: String, columns: StructType): Unit = {
    val list = made.putObject(field).putArray("parameters")
    columns.zipWithIndex.foreach { case (column, position) =>
      val item = list.addObject().put("name", column.name).put("position", position)
        .put("type_text", column.dataType.sql.toLowerCase(java.util.Locale.ROOT))
        .put("type_name", ColumnRecord.typeName(column.dataType))
      Internals.default(column).foreach(item.put("parameter_default", _))
      column.getComment().foreach(item.put("comment", _))
    }
  }

  private def inferred(session: ClassicSession, input: StructType): DataType = {
    val values = input.map(f => s"CAST(NULL AS ${f.dataType.sql}) AS `${f.name}`")
    val from = if (values.isEmpty) "" else values.mkString(" FROM (SELECT ", ", ", ")")
    val execution = session.sessionState.executePlan(
      session.sessionState.sqlParser.parsePlan(s"SELECT ($body)$from"))
    execution.assertAnalyzed()
    execution.analyzed.schema.head.dataType
  }

  // A function that cannot be called is refused now and not when somebody calls it.
  private def check(session: ClassicSession, record: FunctionRecord): Unit = {
    val parser = session.sessionState.sqlParser
    val input = if (parameters.trim.isEmpty) new StructType() else parser.parseRoutineParam(parameters)
    if (record.isPython) {
      val kind = parser.parseDataType(record.returnType)
      PythonFunctions.check(session, record.name, input.fieldNames.toSeq, body, kind)
    } else {
      val arguments = input.map(field => Cast(Literal(null), field.dataType))
      val call: LogicalPlan =
        if (record.isTable) Functions.table(session, record, arguments)
        else Project(Seq(Alias(Functions.call(session, record, arguments), "value")()), OneRowRelation())
      session.sessionState.executePlan(call).assertAnalyzed()
    }
  }
}

/**
 * `DROP FUNCTION`.
 *
 * @param name parts of the name as written
 * @param ifExists do nothing when there is none
 */
final case class DropStoredFunction(name: Seq[String], ifExists: Boolean)
    extends LeafRunnableCommand {
  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val full = SecurableName("function", StatementName(Right(name))).parts(session)
    try Sessions.rest(session).delete(Functions.path(full))
    catch { case failure: RestFailure if failure.isMissing && ifExists => }
    Nil
  }
}

/**
 * `DESCRIBE FUNCTION`.
 *
 * @param name parts of the name as written
 * @param extended whether its text is shown too
 */
final case class DescribeStoredFunction(name: Seq[String], extended: Boolean)
    extends LeafRunnableCommand {
  override val output: Seq[Attribute] =
    Seq(AttributeReference("function_desc", StringType, nullable = false)())

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val full = SecurableName("function", StatementName(Right(name))).parts(session)
    val record = FunctionRecord(Sessions.rest(session).get(Functions.path(full)))
    val short = Seq(
      "Function" -> record.fullName,
      "Type" -> (if (record.isTable) "TABLE" else "SCALAR"),
      "Input" -> (if (record.parameters.isEmpty) "()" else record.signature()),
      "Returns" -> record.returnType)
    val more = Seq(
      "Comment" -> record.json.path("comment").asText(""),
      "Deterministic" -> record.isDeterministic.toString,
      "Language" -> (if (record.isPython) "PYTHON" else "SQL"),
      "Owner" -> record.json.path("owner").asText(""),
      "Body" -> record.definition)
    (if (extended) short ++ more else short)
      .filter(_._2.nonEmpty).map { case (key, value) => Row(s"$key:".padTo(15, ' ') + value) }
  }
}
