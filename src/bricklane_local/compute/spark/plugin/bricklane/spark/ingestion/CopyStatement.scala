package bricklane.spark.ingestion

import java.util.Locale

import bricklane.spark.{RestFailure, StatementName}
import bricklane.spark.StatementPattern.beginning
import bricklane.spark.dialect.{Refusal, Words}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan

/**
 * Reads `COPY INTO`.
 *
 * https://docs.databricks.com/sql/language-manual/delta-copy-into
 */
object CopyStatement {

  /** Stands for the files in the query of a statement. */
  val Source = "__copy_source"
  private val Form = beginning("COPY INTO")

  /** Returns the command for such a statement, None for any other. */
  def parse(text: String, parser: String => LogicalPlan): Option[LogicalPlan] =
    if (!Form.matches(text)) None else Some(new CopyStatement(new Words(text), parser).read())
}

/**
 * One statement.
 *
 * @param words the statement
 * @param parser parses a statement with the parameters of the one that is being parsed
 */
final class CopyStatement(words: Words, parser: String => LogicalPlan) {
  import CopyStatement._

  private def at(word: String, start: Int = 0): Int =
    (start until words.size).find(i => words.depths(i) == 0 && words.upper(i) == word)
      .getOrElse(words.size)

  private val from = at("FROM")

  /** Returns the command. */
  def read(): LogicalPlan = {
    val wrong = Seq("VALIDATE" -> "run the statement on a copy of the table (SHALLOW CLONE).",
      "WITH" -> "files of volumes and of the workspace need no credentials.")
    wrong.find { case (word, _) => at(word, from) < words.size }.foreach { case (word, next) =>
      throw new Refusal(s"COPY INTO … $word", next)
    }
    val end = (2 until from).find(i => words(i) == "(" || words.upper(i) == "BY").getOrElse(from)
    val name = words.text.substring(words.from(2), words.from(end)).trim
    val columns =
      if (words(end) == "(") names(end) else Nil
    val (path, query) = source()
    CopyInto(
      StatementName.read(name, parser), columns,
      byPosition = (end until from).exists(words.upper(_) == "BY"),
      path, query,
      format = value("FILEFORMAT").getOrElse(throw new RestFailure(
        400, "PARSE_SYNTAX_ERROR", "COPY INTO needs FILEFORMAT = CSV, JSON, PARQUET, ORC or TEXT")),
      files = list("FILES"), pattern = value("PATTERN"),
      formatOptions = options("FORMAT_OPTIONS"), copyOptions = options("COPY_OPTIONS"))
  }

  // The path, and the query on its files when there is one.
  private def source(): (String, Option[LogicalPlan]) =
    if (words(from + 1) != "(") (plain(words(from + 1)), None)
    else {
      val close = words.next(from + 2, 0, Set(")"))
      val inner = (from + 2 until close).find(i => words.depths(i) == 1 && words.upper(i) == "FROM")
        .getOrElse(throw new RestFailure(400, "PARSE_SYNTAX_ERROR", "the query of COPY INTO needs FROM"))
      val query = words.text.substring(words.from(from + 2), words.from(inner + 1)) + Source +
        words.text.substring(words.to(inner + 1), words.from(close))
      (plain(words(inner + 1)), Some(parser(query)))
    }

  private def value(word: String): Option[String] = {
    val found = at(word, from)
    Option.when(found < words.size)(plain(words(if (words(found + 1) == "=") found + 2 else found + 1)))
  }

  private def inside(word: String): Seq[Int] = {
    val found = at(word, from)
    if (found >= words.size) Nil
    else {
      val open = if (words(found + 1) == "=") found + 2 else found + 1
      (open + 1) until words.next(open + 1, 0, Set(")"))
    }
  }

  private def list(word: String): Seq[String] =
    inside(word).map(words(_)).filter(_ != ",").map(plain)

  private def options(word: String): Map[String, String] =
    inside(word).map(words(_)).filterNot(Set(",", "=")).map(plain).grouped(2).collect {
      case Seq(key, value) => key -> value
    }.toMap

  private def names(open: Int): Seq[String] =
    (open + 1 until words.next(open + 1, 0, Set(")"))).map(words(_)).filter(_ != ",").map(plain)

  private def plain(word: String): String =
    if (word.length > 1 && Set('\'', '"', '`')(word.head)) word.substring(1, word.length - 1)
    else word
}
