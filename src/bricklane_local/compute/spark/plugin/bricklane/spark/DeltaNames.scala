package bricklane.spark

import org.apache.spark.sql.catalyst.util.quoteIfNeeded
import org.apache.spark.sql.classic.SparkSession

/** How Delta's Python API names tables (`delta/connect/base.proto`), and the same in SQL. */
object DeltaNames {
  private val Path = 1
  private val Name = 2

  /** The parts of a table's name; a table that is named by its folder is ``delta.`/folder` ``. */
  def parts(session: SparkSession, table: WireMessage): Seq[String] =
    table.message(Path).flatMap(_.text(1)) match {
      case Some(folder) => Seq("delta", folder)
      case None => parts(session, table.text(Name).getOrElse(""))
    }

  /** The parts of a name as a user writes it. */
  def parts(session: SparkSession, name: String): Seq[String] =
    session.sessionState.sqlParser.parseMultipartIdentifier(name)

  /** The name of a table for a statement. */
  def sql(session: SparkSession, table: WireMessage): String =
    parts(session, table).map(quoteIfNeeded).mkString(".")

  /** A text as a literal of SQL. */
  def literal(text: String): String =
    "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

  /** A list of properties for a statement. */
  def properties(pairs: Seq[(String, String)]): String =
    pairs.map { case (key, value) => s"${literal(key)} = ${literal(value)}" }.mkString("(", ", ", ")")

  /** The earlier state of a table that a message asks for, "" for its present one. */
  def moment(version: Option[Long], timestamp: Option[String]): String =
    version.map(number => s" VERSION AS OF $number")
      .orElse(timestamp.map(text => s" TIMESTAMP AS OF ${literal(text)}"))
      .getOrElse("")
}
