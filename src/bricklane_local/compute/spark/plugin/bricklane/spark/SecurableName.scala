package bricklane.spark

import java.util.Locale

import org.apache.spark.sql.AnalysisException
import org.apache.spark.sql.classic.SparkSession

/**
 * A thing of Unity Catalog in a statement.
 *
 * @param kind its kind as the REST API names it
 * @param name its name as written; parts left out are the session's current ones
 */
final case class SecurableName(kind: String, name: StatementName) {

  /** Returns all parts of its name; of the metastore, which a statement does not name, its id. */
  def parts(session: SparkSession): Seq[String] =
    if (kind == SecurableName.Metastore)
      Seq(Sessions.rest(session).get("/current-metastore-assignment").path("metastore_id").asText)
    else named(session)

  private def named(session: SparkSession): Seq[String] = {
    val manager = session.sessionState.catalogManager
    val written = name.parts(session)
    val length = SecurableName.Lengths(kind)
    val current = manager.currentCatalog.name() +: manager.currentNamespace.toSeq
    val complete = current.take(length - written.length) ++ written
    if (complete.length != length) {
      throw new AnalysisException(
        errorClass = "IDENTIFIER_TOO_MANY_NAME_PARTS",
        messageParameters =
          Map("identifier" -> written.mkString("`", "`.`", "`"), "limit" -> length.toString))
    }
    complete
  }

  /** Returns its full name as a part of a path of the REST API. */
  def segment(session: SparkSession): String = RestClient.segment(parts(session): _*)

  /** Returns the path of the REST API by which it is changed. */
  def path(session: SparkSession): String =
    s"/${SecurableName.Collections(kind)}/${segment(session)}"
}

object SecurableName {
  private val Metastore = "metastore"
  private val Lengths = Map("schema" -> 2, "table" -> 3, "volume" -> 3, "function" -> 3)
    .withDefaultValue(1)

  // A name alone is a table's, and views are tables to the REST API.
  private val Kinds = Map(
    "catalog" -> "catalog", "schema" -> "schema", "database" -> "schema", "table" -> "table",
    "view" -> "table", "volume" -> "volume", "function" -> "function", "model" -> "function",
    "connection" -> "connection", "server" -> "connection", "credential" -> "credential",
    "service credential" -> "credential", "storage credential" -> "storage_credential",
    "external location" -> "external_location", "" -> "table")

  private val Collections = Map(
    "catalog" -> "catalogs", "schema" -> "schemas", "table" -> "tables", "volume" -> "volumes",
    "function" -> "functions", "connection" -> "connections", "credential" -> "credentials",
    "storage_credential" -> "storage-credentials", "external_location" -> "external-locations",
    Metastore -> "metastores")

  /** Words that name a kind in a statement. */
  val Words: String = Kinds.keys.filter(_.nonEmpty).toSeq.sorted.mkString("|")

  /** The metastore of the session's workspace. */
  val OfWorkspace: SecurableName = SecurableName(Metastore, StatementName(Right(Nil)))

  /** Returns the thing of a kind that a statement names with a word, or with none. */
  def of(word: String, name: StatementName): SecurableName = {
    val written = Option(word).getOrElse("").trim.toLowerCase(Locale.ROOT)
    SecurableName(Kinds(written.replaceAll("\\s+", " ")), name)
  }
}
