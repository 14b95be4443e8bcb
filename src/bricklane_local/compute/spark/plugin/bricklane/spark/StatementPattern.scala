package bricklane.spark

import scala.util.matching.Regex

/** Pieces of the patterns by which statements are known that Spark's grammar does not have. */
object StatementPattern {
  val Quoted = "`(?:[^`]|``)+`"
  private val Computed = "IDENTIFIER\\s*\\(.+\\)"

  /** A name of one part. */
  val Name = s"($Computed|$Quoted|'[^']+'|[\\w-]+)"

  /** A name of several parts. */
  val LongName = s"($Computed|(?:$Quoted|\\w+)(?:\\.(?:$Quoted|\\w+))*)"

  /** A text in quotation marks of either kind, hence two groups. */
  val Text = "(?:'((?:[^'\\\\]|\\\\.)*)'|\"((?:[^\"\\\\]|\\\\.)*)\")"

  // White space and comments; possessive, so that a long comment cannot be read in many ways.
  private val Around = "(?:\\s|--[^\\n]*+(?:\\n|$)|/\\*.*?\\*/)*+"

  /** The pattern of a whole statement, in which a space stands for any white space. */
  def statement(pattern: String): Regex =
    ("(?is)" + Around + pattern.replace(" ", "\\s+") + Around + ";?" + Around).r

  /** The pattern of the beginning of a statement. */
  def beginning(pattern: String): Regex =
    ("(?is)" + Around + pattern.replace(" ", "\\s+") + "\\b.*").r
}
