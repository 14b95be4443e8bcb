package bricklane.spark.dialect

/**
 * `FROM catalog.schema.function(…)`: Spark's grammar lets a table function have a name of one part
 * only, so the parts travel in one quoted name.
 *
 * https://docs.databricks.com/sql/language-manual/sql-ref-syntax-qry-select-tvf
 */
object TableFunctionNames extends Rewrite("(") {
  private val Mark = "\u0001"
  private val Before = Set("FROM", "JOIN", "LATERAL", "STREAM", "USING")

  /** The parts of a name that this has put into one. */
  def split(parts: Seq[String]): Seq[String] = parts match {
    case Seq(one) if one.startsWith(Mark) => one.stripPrefix(Mark).split(Mark).toSeq
    case other => other
  }

  override protected def rewritten(words: Words): Option[String] =
    (0 until words.size - 3).iterator
      .filter(at => Before(words.upper(at)) && words(at + 2) == "." && !isExtract(words, at))
      .map(at => at + 1 -> Iterator.iterate(at + 1)(_ + 2).find(i => words(i + 1) != ".").get)
      .collectFirst { case (first, last) if words(last + 1) == "(" && words(first) != "(" =>
        val parts = first.to(last, 2).map(i => words(i).stripPrefix("`").stripSuffix("`"))
        words.text.substring(0, words.from(first)) + "`" + parts.map(Mark + _).mkString + "`" +
          words.text.substring(words.to(last))
      }

  // EXTRACT(day FROM schema.function(x)) has no table after FROM.
  private def isExtract(words: Words, from: Int): Boolean = {
    val open = (0 until from).findLast(i => words(i) == "(" && words.depths(i) == words.depths(from) - 1)
    open.exists(i => Set("EXTRACT", "TRIM", "OVERLAY", "SUBSTRING")(words.upper(i - 1)))
  }
}
