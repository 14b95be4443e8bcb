package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException
import org.apache.spark.sql.catalyst.expressions.{Attribute, AttributeReference}
import org.apache.spark.sql.catalyst.util.quoteIfNeeded
import org.apache.spark.sql.execution.command.LeafRunnableCommand
import org.apache.spark.sql.types.StringType

/**
 * `SHOW CREATE TABLE` of a table or view of ours; Delta refuses it for its tables.
 *
 * https://docs.databricks.com/sql/language-manual/sql-ref-syntax-aux-show-create-table
 *
 * @param name parts of the name as written
 */
final case class ShowDefinition(name: Seq[String]) extends LeafRunnableCommand {
  override val output: Seq[Attribute] =
    Seq(AttributeReference("createtab_stmt", StringType, nullable = false)())

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val parts = SecurableName("table", StatementName(Right(name))).parts(session)
    val record = Sessions.ours(session, parts)
      .flatMap { case (unity, ident) => unity.store.find(ident) }
      .getOrElse(throw new NoSuchTableException(parts))
    val full = Seq(record.catalogName, record.schemaName, record.name)
      .map(quoteIfNeeded).mkString(".")
    Seq(Row(if (record.isView) view(record, full) else table(session, record, full)))
  }

  private def table(
      session: org.apache.spark.sql.classic.SparkSession,
      record: TableRecord,
      full: String): String = {
    val definition = TableDefinition.of(session, name, Some(record))
    s"CREATE TABLE $full ${definition.clauses(TableDefinition.keys(record.json))}" +
      comment(record) +
      (if (record.isManaged) "" else record.location.fold("")(place =>
        s"\nLOCATION ${DeltaNames.literal(place)}")) +
      definition.propertyClause + "\n"
  }

  private def view(record: TableRecord, full: String): String = {
    val described = record.toCatalogTable
    val columns = described.schema.map { field =>
      quoteIfNeeded(field.name) +
        field.getComment().fold("")(text => s" COMMENT ${DeltaNames.literal(text)}")
    }
    s"CREATE VIEW $full ${columns.mkString("(\n  ", ",\n  ", ")")}" + comment(record) +
      s"\nAS ${described.viewText.getOrElse("").trim}\n"
  }

  private def comment(record: TableRecord): String =
    record.comment.filter(_.nonEmpty).fold("")(text => s"\nCOMMENT ${DeltaNames.literal(text)}")
}

/**
 * `CREATE TABLE target LIKE source`: the columns, partitions, clusters and properties of a table.
 *
 * https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-create-table-like
 *
 * @param target parts of the new name
 * @param source parts of the name of the table or view that it is like
 * @param format given for the new table
 * @param location given for the new table
 * @param properties given for the new table
 * @param ifNotExists do nothing when it exists
 */
final case class CreateLike(
    target: Seq[String],
    source: Seq[String],
    format: Option[String],
    location: Option[String],
    properties: Map[String, String],
    ifNotExists: Boolean)
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val parts = SecurableName("table", StatementName(Right(source))).parts(session)
    val record = Sessions.ours(session, parts)
      .flatMap { case (unity, ident) => unity.store.find(ident) }
      .getOrElse(throw new NoSuchTableException(parts))
    val definition =
      if (record.isView) TableDefinition(record.toCatalogTable.schema, format.getOrElse("delta"))
      else TableDefinition.of(session, source, Some(record))
    val like = definition.copy(
      format = format.getOrElse(definition.format),
      properties = definition.properties ++ properties)
    session.sql(
      s"CREATE TABLE ${if (ifNotExists) "IF NOT EXISTS " else ""}" +
        s"${target.map(quoteIfNeeded).mkString(".")} ${like.clauses()}" +
        location.fold("")(place => s"\nLOCATION ${DeltaNames.literal(place)}") +
        like.propertyClause)
    Nil
  }
}
