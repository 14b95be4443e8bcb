package bricklane.spark

import java.util.Locale

import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan

/**
 * Statements about tables, files and tags that Databricks SQL has and Spark has not.
 *
 * https://docs.databricks.com/sql/language-manual/delta-clone and its siblings.
 *
 * @param parser parses a statement with the parameters of the one that is being parsed
 */
final class TableStatements(parser: String => LogicalPlan) {
  import TableStatements._

  /** Returns the command for such a statement, None for any other statement. */
  def parse(text: String): Option[LogicalPlan] = text match {
    case Clone(head, ifNotExists, name, kind, rest) =>
      val deep = !"SHALLOW".equalsIgnoreCase(word(kind).trim)
      val verb = head.toUpperCase(Locale.ROOT)
      Some(CloneTable(
        read(name), deep, ifNotExists != null, replace = verb.contains("REPLACE"),
        create = parser(s"CREATE TABLE $name SHALLOW CLONE $rest"),
        overwrite = folder => parser(s"CREATE OR REPLACE TABLE $folder SHALLOW CLONE $rest")))
    case Analyze(name) => Some(AnalyzeFiles(read(name)))
    case ListFolder(one, two) => Some(ListFiles(Option(one).getOrElse(two)))
    case CommentOnVolume(name, one, two) =>
      Some(ChangeComment(
        SecurableName("volume", read(name)), Option(one).orElse(Option(two)).getOrElse("")))
    case Predictive(kind, name, action) =>
      val change = action.toUpperCase(Locale.ROOT) match {
        case "ENABLE" | "DISABLE" => action.toUpperCase(Locale.ROOT)
        case _ => "INHERIT"
      }
      Some(ChangeOptimization(SecurableName.of(kind, read(name)), change))
    case DropKeyOf(name, kind, ifExists, columns, behavior) =>
      Some(DropKey(
        read(name), kind.trim.toUpperCase(Locale.ROOT) == "PRIMARY",
        Option(columns).toSeq.flatMap(_.split(',')).map(_.trim.stripPrefix("`").stripSuffix("`")),
        ifExists != null, behavior != null && behavior.trim.equalsIgnoreCase("CASCADE")))
    case _ => tags(text)
  }

  private def tags(text: String): Option[LogicalPlan] = text match {
    case ColumnTags(table, column, verb, list) =>
      Some(ChangeTags(SecurableName("table", read(table)), Some(plain(column)), pairs(verb, list)))
    case Tags(kind, name, verb, list) =>
      Some(ChangeTags(SecurableName.of(kind, read(name)), None, pairs(verb, list)))
    case SetTag(kind, name, key, value) =>
      Some(ChangeTags(
        SecurableName.of(kind, read(name)), None,
        Seq(plain(key) -> Some(Option(value).map(plain).getOrElse("")))))
    case UnsetTag(kind, name, key) =>
      Some(ChangeTags(SecurableName.of(kind, read(name)), None, Seq(plain(key) -> None)))
    case _ => None
  }

  // The value of a tag to set, None of one to take away.
  private def pairs(verb: String, list: String): Seq[(String, Option[String])] =
    Pair.findAllMatchIn(list).toSeq.map { found =>
      val (key, value) = (plain(found.group(1)), Option(found.group(2)).map(plain))
      key -> (if (verb.equalsIgnoreCase("SET")) Some(value.getOrElse("")) else None)
    }

  private def plain(text: String): String =
    if (text.length > 1 && Set('\'', '"', '`')(text.head)) text.substring(1, text.length - 1)
    else text

  private def word(part: String): String = Option(part).fold("")(_.trim + " ")

  private def read(name: String): StatementName = StatementName.read(name, parser)
}

object TableStatements {
  import StatementPattern._

  private val Clone = statement(
    s"((?:CREATE OR )?(?:CREATE|REPLACE)) TABLE( IF NOT EXISTS)? $LongName (DEEP |SHALLOW )?" +
      "CLONE (.+)")
  private val Analyze = statement(
    s"ANALYZE TABLE $LongName COMPUTE (?:DELTA )?STATISTICS(?: NOSCAN| FOR .+)?")
  private val ListFolder = statement(s"LIST $Text")
  private val CommentOnVolume = statement(s"COMMENT ON VOLUME $LongName IS (?:NULL|$Text)")
  private val Predictive = statement(
    s"ALTER (CATALOG|SCHEMA|DATABASE) $LongName (ENABLE|DISABLE|INHERIT) PREDICTIVE OPTIMIZATION")
  private val DropKeyOf = statement(
    s"ALTER TABLE $LongName DROP (PRIMARY|FOREIGN) KEY( IF EXISTS)?(?:\\s*\\(([^)]+)\\))?" +
      "( RESTRICT| CASCADE)?")
  private val Tagged = "(CATALOG|SCHEMA|DATABASE|TABLE|VIEW|VOLUME)"
  private val TagList = "(SET|UNSET) TAGS ?\\((.+)\\)"
  private val Tags = statement(s"ALTER $Tagged $LongName $TagList".replace("TAGS ?", "TAGS\\s*"))
  private val ColumnTags = statement(
    s"ALTER TABLE $LongName ALTER COLUMN ($Quoted|\\w+) $TagList".replace("TAGS ?", "TAGS\\s*"))
  private val Word = s"($Quoted|'[^']*'|\\w+)"
  private val SetTag = statement(s"SET TAG ON $Tagged $LongName $Word(?:\\s*=\\s*$Word)?")
  private val UnsetTag = statement(s"UNSET TAG ON $Tagged $LongName $Word")
  private val Pair = "('[^']*'|\"[^\"]*\")(?:\\s*=\\s*('[^']*'|\"[^\"]*\"))?".r
}
