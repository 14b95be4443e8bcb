package bricklane.spark.dialect

import java.util.Locale

/**
 * A form of Databricks SQL that says the same as another form which Spark's grammar has.
 *
 * Spark's grammar cannot be extended, so the text is changed before it is parsed.
 *
 * @param mark a text in lower case without which a statement cannot have the form: it keeps all
 *   other statements from being taken apart
 */
abstract class Rewrite(mark: String) {

  /** Returns the statement in Spark's form, or None when it does not have the form of this. */
  protected def rewritten(words: Words): Option[String]

  /** Returns a statement in which the form does not occur. */
  final def apply(text: String): String =
    if (!text.toLowerCase(Locale.ROOT).contains(mark)) text
    else Iterator.iterate(Option(text))(_.flatMap(t => rewritten(new Words(t))))
      .takeWhile(_.isDefined).flatten.toSeq.last
}

object Rewrite {
  private val All: Seq[Rewrite] =
    Seq(
      TimeTravel, Qualify, TableFunctionNames, StreamOfFiles, CommentOnColumn, References, ClusterByAuto, ClusterByAutoLater)

  /** Returns a statement in the form that Spark's grammar has. */
  def all(text: String): String = All.foldLeft(text)((before, rewrite) => rewrite(before))
}
