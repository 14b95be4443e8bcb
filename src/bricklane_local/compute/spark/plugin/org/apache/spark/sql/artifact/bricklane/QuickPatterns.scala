package org.apache.spark.sql.artifact.bricklane

import scala.util.matching.Regex

import org.apache.spark.sql.catalyst.expressions.codegen.CodeFormatter

/**
 * Stands for two regular expressions by which Spark tidies the Java code that it generates.
 *
 * Spark measures each piece of such code without its comments and empty lines, and its expressions
 * try again at each letter. Where the code itself is compiled already, that was a sixth of the time
 * of a statement on a small Delta table (Spark 4.1.1). One pass over the text finds the same.
 *
 * @param spark the expression of Spark.
 * @param quick replaces all that it matches.
 */
final class QuickPattern(spark: Regex, quick: (String, String) => String)
    extends Regex(spark.regex) {
  override def replaceAllIn(target: CharSequence, replacement: String): String =
    // Others mean groups of the match.
    if (replacement.exists(letter => letter == '$' || letter == '\\'))
      super.replaceAllIn(target, replacement)
    else quick(target.toString, replacement)

  override def toString: String = s"quick $regex"
}

object QuickPatterns {

  /** Makes Spark tidy code this way; what it does not have under these names stays as it is. */
  def install(): Unit = {
    val (comment, empty) = (CodeFormatter.commentRegexp, CodeFormatter.extraNewLinesRegexp)
    Replaced(CodeFormatter, "commentRegexp", new QuickPattern(comment, comments))
    Replaced(CodeFormatter, "extraNewLinesRegexp", new QuickPattern(empty, emptyLines))
  }

  /** Replaces each comment, with the blanks before it. */
  def comments(code: String, replacement: String): String =
    replaced(code, '/', replacement) { slash =>
      if (code.startsWith("/*", slash)) after(code.indexOf("*/", slash + 2), 2)
      else if (code.startsWith("//", slash)) after(code.indexOf('\n', slash + 2), 1)
      else -1
    }(isBlank)

  /** Replaces each end of a line and the empty lines behind it. */
  def emptyLines(code: String, replacement: String): String =
    replaced(code, '\n', replacement) { line =>
      var end = line + 1
      while (end < code.length && isSpace(code.charAt(end))) end += 1
      val last = code.lastIndexOf('\n', end - 1)
      if (last > line) last + 1 else -1
    }(_ => false)

  /**
   * Replaces what begins with a letter.
   *
   * @param end says where what begins at a place ends; -1 where nothing begins.
   * @param before says which letters before it belong to it.
   */
  private def replaced(code: String, first: Char, replacement: String)(end: Int => Int)(
      before: Char => Boolean): String = {
    val kept = new StringBuilder(code.length)
    var from = 0
    var at = code.indexOf(first)
    while (at >= 0) {
      val next = end(at)
      if (next < 0) {
        at = code.indexOf(first, at + 1)
      } else {
        var begin = at
        while (begin > from && before(code.charAt(begin - 1))) begin -= 1
        kept.append(code.substring(from, begin)).append(replacement)
        from = next
        at = code.indexOf(first, next)
      }
    }
    kept.append(code.substring(from)).toString
  }

  private def after(place: Int, length: Int): Int = if (place < 0) -1 else place + length

  // As Spark's expression has it, a bar counts as one.
  private def isBlank(letter: Char): Boolean = letter == ' ' || letter == '\t' || letter == '|'

  // What \\s means in Java.
  private def isSpace(letter: Char): Boolean = " \t\n\u000b\f\r".indexOf(letter.toInt) >= 0
}
