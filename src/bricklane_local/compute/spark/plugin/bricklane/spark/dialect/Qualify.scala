package bricklane.spark.dialect

/**
 * `QUALIFY`: keeps the rows for which a condition on window functions holds.
 *
 * The condition becomes a column of the query, and a query around it keeps the rows and leaves the
 * column out. `ORDER BY` stays inside, where it may name the tables of the query.
 *
 * https://docs.databricks.com/sql/language-manual/sql-ref-syntax-qry-select-qualify
 */
object Qualify extends Rewrite("qualify") {
  private val Column = "`__qualify`"
  private val Combining = Set("UNION", "EXCEPT", "INTERSECT", "MINUS", ";")
  private val Limiting = Set("LIMIT", "OFFSET") ++ Combining
  private val Ordering = Set("ORDER", "SORT", "CLUSTER", "DISTRIBUTE")

  override protected def rewritten(words: Words): Option[String] =
    for {
      qualify <- words.size.to(0, -1).find(isClause(words, _))
      depth = words.depths(qualify)
      select <- qualify.to(0, -1).find(at => words.depths(at) == depth && words.upper(at) == "SELECT")
      from <- (select until qualify).find(at => words.depths(at) == depth && isFrom(words, at))
    } yield write(words, select, from, qualify)

  private def isClause(words: Words, at: Int): Boolean =
    words.upper(at) == "QUALIFY" && !Set("", ",", ".", ")", "=", "FROM", "AS")(words.upper(at + 1)) &&
      !Set("", ",", ".", "AS", "SELECT")(words.upper(at - 1))

  // IS [NOT] DISTINCT FROM is no clause.
  private def isFrom(words: Words, at: Int): Boolean =
    words.upper(at) == "FROM" &&
      !(words.upper(at - 1) == "DISTINCT" && Set("IS", "NOT")(words.upper(at - 2)))

  private def write(words: Words, select: Int, from: Int, qualify: Int): String = {
    val depth = words.depths(qualify)
    val text = words.text
    val distinct = words.upper(select + 1) == "DISTINCT"
    val list = text.substring(words.to(if (distinct) select + 1 else select), words.from(from))
    val window = words.next(qualify + 1, depth, Limiting ++ Ordering + "WINDOW")
    val order = words.next(window, depth, Limiting ++ Ordering)
    // Distinct rows are found in any order, so theirs is made afterwards.
    val inner = if (distinct) order else words.next(order, depth, Limiting)
    val condition = text.substring(words.to(qualify), words.from(window))
    text.substring(0, words.from(select)) +
      s"SELECT ${if (distinct) "DISTINCT " else ""}* EXCEPT ($Column) FROM (SELECT " +
      s"${list.trim}, (${condition.trim}) AS $Column " +
      text.substring(words.from(from), words.from(qualify)) +
      text.substring(words.from(window), words.from(inner)).trim +
      s") WHERE $Column " + text.substring(words.from(inner))
  }
}
