package bricklane.spark

import scala.jdk.CollectionConverters._

import com.fasterxml.jackson.databind.JsonNode
import org.apache.spark.sql.catalyst.util.{quoteIfNeeded, CharVarcharUtils}
import org.apache.spark.sql.delta.skipping.clustering.ClusteringColumnInfo
import org.apache.spark.sql.types.{StructField, StructType}

/**
 * What a table is, for a statement that makes one like it.
 *
 * @param columns its columns
 * @param format of its data
 * @param partitions its partition columns
 * @param clusters its clustering columns
 * @param properties those that a user sets
 * @param options of its data source
 * @param checks its check constraints, by name
 */
final case class TableDefinition(
    columns: StructType,
    format: String,
    partitions: Seq[String] = Nil,
    clusters: Seq[String] = Nil,
    properties: Map[String, String] = Map.empty,
    options: Map[String, String] = Map.empty,
    checks: Map[String, String] = Map.empty) {
  import TableDefinition._

  /** The clauses of `CREATE TABLE` between the table's name and its comment. */
  def clauses(keys: Seq[String] = Nil): String = {
    val checked = checks.toSeq.sorted.map { case (name, condition) =>
      s"CONSTRAINT ${quoteIfNeeded(name)} CHECK ($condition)"
    }
    val lines = columns.map(column(_)) ++ keys ++ checked
    val body = if (lines.isEmpty) "" else lines.mkString("(\n  ", ",\n  ", ")\n")
    body + s"USING $format" +
      names("\nPARTITIONED BY ", partitions) +
      names("\nCLUSTER BY ", clusters) +
      (if (options.isEmpty) "" else s"\nOPTIONS ${DeltaNames.properties(options.toSeq.sorted)}")
  }

  /** The clause with the properties. */
  def propertyClause: String =
    if (properties.isEmpty) ""
    else s"\nTBLPROPERTIES ${DeltaNames.properties(properties.toSeq.sorted)}"

  private def names(before: String, columns: Seq[String]): String =
    if (columns.isEmpty) "" else columns.map(quoteIfNeeded).mkString(s"$before(", ", ", ")")
}

object TableDefinition {
  private val Checks = "delta.constraints."

  // Delta's own bookkeeping, which a new table gets by itself.
  private val Internal = Seq(
    "delta.columnMapping.maxColumnId", "delta.rowTracking.materialized", "delta.liquid.")

  /** Reads what a table is. */
  def of(session: org.apache.spark.sql.classic.SparkSession, parts: Seq[String],
      record: Option[TableRecord]): TableDefinition =
    record.filterNot(_.isDelta).map(_.toCatalogTable) match {
      case Some(table) =>
        TableDefinition(
          table.schema, table.provider.getOrElse("delta"), table.partitionColumnNames,
          properties = table.properties, options = table.storage.properties)
      case None =>
        val snapshot = Tables.delta(session, parts).initialSnapshot
        val settings = snapshot.metadata.configuration
        val kept = settings.filterNot { case (key, _) =>
          key.startsWith(Checks) || Internal.exists(key.startsWith)
        }
        val needed =
          if (snapshot.schema.exists(_.metadata.contains("CURRENT_DEFAULT")))
            Map("delta.feature.allowColumnDefaults" -> "supported")
          else Map.empty
        TableDefinition(
          CharVarcharUtils.getRawSchema(snapshot.schema), "delta",
          snapshot.metadata.partitionColumns,
          ClusteringColumnInfo.extractLogicalNames(snapshot),
          kept ++ needed,
          checks = settings.collect {
            case (key, condition) if key.startsWith(Checks) => key.stripPrefix(Checks) -> condition
          })
    }

  private def column(field: StructField): String = {
    val data = field.metadata
    def text(key: String, form: String => String): String =
      if (data.contains(key)) form(data.getString(key)) else ""
    val identity =
      if (!data.contains("delta.identity.start")) ""
      else {
        val kind = if (data.getBoolean("delta.identity.allowExplicitInsert")) "BY DEFAULT" else "ALWAYS"
        s" GENERATED $kind AS IDENTITY (START WITH ${data.getLong("delta.identity.start")} " +
          s"INCREMENT BY ${data.getLong("delta.identity.step")})"
      }
    s"${quoteIfNeeded(field.name)} ${field.dataType.sql}" +
      (if (field.nullable) "" else " NOT NULL") + identity +
      text("delta.generationExpression", expression => s" GENERATED ALWAYS AS ($expression)") +
      text("CURRENT_DEFAULT", value => s" DEFAULT $value") +
      field.getComment().fold("")(comment => s" COMMENT ${DeltaNames.literal(comment)}")
  }

  /** The keys that the catalog keeps of a table, as clauses. */
  def keys(record: JsonNode): Seq[String] = Keys.of(record).map { case (kind, key) =>
    def columns(field: String) =
      key.path(field).elements.asScala.map(c => quoteIfNeeded(c.asText)).mkString("(", ", ", ")")
    s"CONSTRAINT ${quoteIfNeeded(key.path("name").asText)} " + (
      if (kind == "primary_key_constraint") s"PRIMARY KEY ${columns("child_columns")}"
      else {
        val parent = key.path("parent_table").asText.split('.').map(quoteIfNeeded).mkString(".")
        s"FOREIGN KEY ${columns("child_columns")} REFERENCES $parent ${columns("parent_columns")}"
      })
  }
}
