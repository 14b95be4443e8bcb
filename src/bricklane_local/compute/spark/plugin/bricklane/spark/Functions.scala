package bricklane.spark

import scala.jdk.CollectionConverters._

import bricklane.spark.dialect.TableFunctionNames
import com.fasterxml.jackson.databind.JsonNode
import org.apache.spark.sql.AnalysisException
import org.apache.spark.sql.bricklane.Internals
import org.apache.spark.sql.catalyst.FunctionIdentifier
import org.apache.spark.sql.catalyst.analysis.{AnalysisContext, SQLFunctionExpression, SQLTableFunction}
import org.apache.spark.sql.catalyst.catalog.SQLFunction
import org.apache.spark.sql.catalyst.expressions.{
  AttributeReference, Cast, Expression, NamedArgumentExpression
}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.catalyst.util.quoteIfNeeded
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.types.{DataType, StructType}

/**
 * A user-defined function of Unity Catalog.
 *
 * https://docs.databricks.com/api/workspace/functions
 *
 * @param json a `FunctionInfo`
 */
final case class FunctionRecord(json: JsonNode) {
  def name: String = json.path("name").asText
  def fullName: String = json.path("full_name").asText
  def definition: String = json.path("routine_definition").asText
  def isPython: Boolean = json.path("external_language").asText.equalsIgnoreCase("PYTHON")
  def isTable: Boolean = json.path("data_type").asText == "TABLE_TYPE"
  def isDeterministic: Boolean = json.path("is_deterministic").asBoolean(true)
  def returnType: String = json.path("full_data_type").asText
  def parameters: Seq[JsonNode] = items("input_params")
  def results: Seq[JsonNode] = items("return_params")

  private def items(field: String): Seq[JsonNode] =
    json.path(field).path("parameters").elements.asScala.toSeq.sortBy(_.path("position").asInt)

  /** Catalog and schema against which names in its text are read. */
  def home: Seq[String] =
    Option(json.path("sql_path").asText("")).filter(_.contains('.'))
      .getOrElse(fullName.substring(0, fullName.lastIndexOf('.')))
      .split('.').toSeq.map(_.stripPrefix("`").stripSuffix("`"))

  /** The parameters as a statement spells them. */
  def signature(of: Seq[JsonNode] = parameters): String = of.map { parameter =>
    val default = Option(parameter.path("parameter_default").asText(null)).map(v => s" DEFAULT $v")
    val comment = Option(parameter.path("comment").asText(null))
      .map(text => s" COMMENT ${DeltaNames.literal(text)}")
    s"${quoteIfNeeded(parameter.path("name").asText)} ${parameter.path("type_text").asText}" +
      default.getOrElse("") + comment.getOrElse("")
  }.mkString(", ")
}

/** Finds user-defined functions and puts them into queries. */
object Functions {

  /** Returns the record of the function that a name means, None when there is none of ours. */
  def find(session: SparkSession, parts: Seq[String], using: Boolean): Option[FunctionRecord] = {
    val full = complete(session, parts)
    if (full.length != 3 || full.exists(_.isEmpty)) None
    else {
      val query = (if (using) Seq("in_use" -> "true") else Nil) ++ Access.view.map("in_view" -> _)
      Sessions.rest(session).find(path(full), query: _*).map(FunctionRecord(_))
    }
  }

  /** The path of the REST API of a function. */
  def path(full: Seq[String]): String = s"/functions/${RestClient.segment(full: _*)}"

  /** All three parts of a function's name. */
  def complete(session: SparkSession, written: Seq[String]): Seq[String] = {
    val parts = TableFunctionNames.split(written)
    val manager = session.sessionState.catalogManager
    val around = AnalysisContext.get.catalogAndNamespace match {
      case Nil => manager.currentCatalog.name() +: manager.currentNamespace.toSeq
      case known => known
    }
    around.take(3 - parts.length) ++ parts
  }

  /** Whether a name means a function of Spark's own, or a temporary one. */
  def isSparks(session: SparkSession, parts: Seq[String]): Boolean = parts.length == 1 &&
    TableFunctionNames.split(parts).length == 1 && {
    val catalog = session.sessionState.catalog
    catalog.lookupBuiltinOrTempFunction(parts.head).isDefined ||
      catalog.lookupBuiltinOrTempTableFunction(parts.head).isDefined
  }

  /** A call of a scalar function. */
  def call(session: SparkSession, record: FunctionRecord, written: Seq[Expression]): Expression = {
    if (record.isTable) throw new RestFailure(
      400, "INVALID_PARAMETER_VALUE", s"${record.fullName} returns a table: use it after FROM")
    val parameters = input(session, record)
    val arguments = arranged(session, record, parameters, written)
    val result = session.sessionState.sqlParser.parseDataType(record.returnType)
    if (record.isPython) {
      val cast = arguments.zip(parameters).map { case (value, field) => Cast(value, field.dataType) }
      PythonFunctions.call(session, record, parameters, cast, result)
    } else {
      val function = sqlFunction(session, record, Left(result))
      SQLFunctionExpression(record.fullName, function, arguments, Some(result))
    }
  }

  /** A call of a table function. */
  def table(session: SparkSession, record: FunctionRecord, written: Seq[Expression]): LogicalPlan = {
    if (!record.isTable) throw new RestFailure(
      400, "INVALID_PARAMETER_VALUE", s"${record.fullName} returns one value: use it in SELECT")
    val columns = session.sessionState.sqlParser.parseTableSchema(record.signature(record.results))
    val function = sqlFunction(session, record, Right(columns))
    val output = columns.map(f => AttributeReference(f.name, f.dataType, f.nullable)())
    val arguments = arranged(session, record, input(session, record), written)
    SQLTableFunction(record.fullName, function, arguments, output)
  }

  private def input(session: SparkSession, record: FunctionRecord): StructType =
    if (record.parameters.isEmpty) new StructType()
    else session.sessionState.sqlParser.parseRoutineParam(record.signature())

  private def sqlFunction(
      session: SparkSession,
      record: FunctionRecord,
      returns: Either[DataType, StructType]): SQLFunction = {
    val Seq(catalog, schema, name) = record.fullName.split('.').toSeq
    val text = FunctionText.qualified(session, record)
    // A query that gives one value is one in brackets.
    val isQuery = text.trim.matches("(?is)(SELECT|WITH|VALUES|FROM|TABLE)\\b.*")
    SQLFunction(
      name = FunctionIdentifier(name, Some(schema), Some(catalog)),
      inputParam = Some(input(session, record)).filter(_.nonEmpty),
      returnType = returns,
      exprText = Option.when(!record.isTable)(if (isQuery) s"($text)" else text),
      queryText = Option.when(record.isTable)(text),
      comment = None,
      deterministic = Some(record.isDeterministic),
      containsSQL = None,
      isTableFunc = record.isTable,
      properties = SQLFunction.catalogAndNamespaceToProps(record.home.head, record.home.tail))
  }

  // Arguments in the order of the parameters: those by position, those by name, then defaults.
  private def arranged(
      session: SparkSession,
      record: FunctionRecord,
      parameters: StructType,
      written: Seq[Expression]): Seq[Expression] = {
    val (named, positional) = written.partition(_.isInstanceOf[NamedArgumentExpression])
    val byName = named.collect { case NamedArgumentExpression(key, value) => key.toLowerCase -> value }
    val known = parameters.map(_.name.toLowerCase)
    val wrong = byName.map(_._1).filterNot(known.drop(positional.length).contains)
    if (positional.length > parameters.length || wrong.nonEmpty) throw misused(record, written.length)
    positional ++ parameters.drop(positional.length).map { field =>
      byName.toMap.get(field.name.toLowerCase)
        .orElse(Internals.default(field).map(session.sessionState.sqlParser.parseExpression(_)))
        .getOrElse(throw misused(record, written.length))
    }
  }

  private def misused(record: FunctionRecord, given: Int) = new AnalysisException(
    errorClass = "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
    messageParameters = Map(
      "functionName" -> s"`${record.fullName.replace(".", "`.`")}`",
      "expectedNum" -> s"(${record.signature()})",
      "actualNum" -> given.toString,
      "docroot" -> "https://docs.databricks.com"))
}
