package bricklane.spark.dialect

/**
 * `table@v3` and `table@20260131235959000`: the state of a table by version or moment.
 *
 * https://docs.databricks.com/delta/history.html (the `@` syntax)
 */
object TimeTravel extends Rewrite("@") {
  private val Version = "[vV](\\d+)".r
  private val Moment = "(\\d{4})(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)(\\d{3})".r

  /** The clause that says the same as what stands behind the `@`. */
  def clause(state: String): Option[String] = state match {
    case Version(number) => Some(s" VERSION AS OF $number")
    case Moment(year, month, day, hour, minute, second, milli) =>
      Some(s" TIMESTAMP AS OF '$year-$month-$day $hour:$minute:$second.$milli'")
    case _ => None
  }

  override protected def rewritten(words: Words): Option[String] =
    (1 until words.size).iterator
      .filter(at => words(at) == "@" && words.touches(at) && words.touches(at + 1))
      .flatMap(at => clause(words(at + 1)).map { form =>
        words.text.substring(0, words.from(at)) + form + words.text.substring(words.to(at + 1))
      })
      .nextOption()
}
