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

  /** Returns all parts of its name. */
  def parts(session: SparkSession): Seq[String] = {
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
}

object SecurableName {
  private val Lengths = Map("catalog" -> 1, "schema" -> 2, "table" -> 3, "volume" -> 3)

  // A name alone is a table's, and views are tables to the REST API.
  private val Kinds = Map(
    "catalog" -> "catalog", "schema" -> "schema", "database" -> "schema", "table" -> "table",
    "view" -> "table", "volume" -> "volume", "" -> "table")

  /** Words that name a kind in a statement. */
  val Words: String = Kinds.keys.filter(_.nonEmpty).toSeq.sorted.mkString("|")

  /** Returns the thing of a kind that a statement names with a word, or with none. */
  def of(word: String, name: StatementName): SecurableName =
    SecurableName(Kinds(Option(word).getOrElse("").trim.toLowerCase(Locale.ROOT)), name)
}
