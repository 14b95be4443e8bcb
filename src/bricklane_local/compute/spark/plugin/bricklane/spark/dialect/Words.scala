package bricklane.spark.dialect

import java.util.Locale

import scala.jdk.CollectionConverters._

import org.antlr.v4.runtime.{CharStreams, Token}
import org.apache.spark.sql.catalyst.parser.SqlBaseLexer

/**
 * A statement as the words that Spark's own lexer finds in it, without comments and white space.
 *
 * @param text the statement
 */
final class Words(val text: String) {
  private val tokens: IndexedSeq[Token] = {
    val lexer = new SqlBaseLexer(CharStreams.fromString(text.map(Character.toUpperCase(_: Char))))
    lexer.removeErrorListeners()
    lexer.getAllTokens.asScala
      .filter(_.getChannel == Token.DEFAULT_CHANNEL)
      .toIndexedSeq
  }

  /** How many words there are. */
  def size: Int = tokens.size

  /** A word as written, "" beyond the ends. */
  def apply(index: Int): String =
    if (index < 0 || index >= size) "" else text.substring(from(index), to(index))

  /** A word in capital letters. */
  def upper(index: Int): String = apply(index).toUpperCase(Locale.ROOT)

  /** Where a word begins in the text; the end of the text beyond the last word. */
  def from(index: Int): Int =
    if (index >= size) text.length else offset(tokens(index).getStartIndex)

  /** Where a word ends in the text. */
  def to(index: Int): Int =
    if (index >= size) text.length else offset(tokens(index).getStopIndex + 1)

  /** Whether nothing stands between a word and the one before. */
  def touches(index: Int): Boolean = index > 0 && from(index) == to(index - 1)

  /** How many brackets are open before each word. */
  lazy val depths: IndexedSeq[Int] = {
    var depth = 0
    tokens.indices.map { index =>
      val word = apply(index)
      if (Set(")", "]")(word)) depth -= 1
      val found = depth
      if (Set("(", "[")(word)) depth += 1
      found
    }
  }

  /** The words of a given depth whose capital form is among `wanted`, from one index on. */
  def next(start: Int, depth: Int, wanted: Set[String]): Int = {
    val found = (start until size).find { index =>
      depths(index) < depth || depths(index) == depth && wanted(upper(index))
    }
    found.getOrElse(size)
  }

  // The lexer counts characters beyond the basic plane as one.
  private def offset(point: Int): Int =
    if (text.length == text.codePointCount(0, text.length)) point
    else text.offsetByCodePoints(0, point)
}
