package bricklane.spark

import bricklane.spark.dialect.{Refusal, Words}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan

/**
 * `CREATE FUNCTION … LANGUAGE PYTHON`, which Spark's grammar does not have.
 *
 * https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-create-sql-function
 */
object FunctionStatements {
  import StatementPattern._

  private val Head = beginning("CREATE (?:OR REPLACE )?(?:TEMPORARY )?FUNCTION")
  private val Body = "(?is)(.*?)\\bAS\\s*(?:\\$\\$(.*)\\$\\$|'((?:[^'\\\\]|\\\\.)*)')\\s*;?\\s*".r
  private val Comment = s"(?is).*\\bCOMMENT\\s+$Text.*".r
  private val Language = "(?is)\\bLANGUAGE\\s+PYTHON\\b".r

  /** Returns the command for such a statement, None for any other. */
  def parse(text: String, parser: String => LogicalPlan): Option[LogicalPlan] =
    if (!Head.matches(text) || Language.findFirstIn(text).isEmpty) None
    else text match {
      case Body(head, dollar, quoted) => Some(read(head, Option(dollar).getOrElse(quoted), parser))
      case _ => throw new Refusal("LANGUAGE PYTHON without AS $$ … $$", "give the body between $$.")
    }

  private def read(head: String, body: String, parser: String => LogicalPlan): LogicalPlan = {
    val words = new Words(head)
    def at(word: String): Int = (0 until words.size).find(i =>
      words.depths(i) == 0 && words.upper(i) == word).getOrElse(words.size)
    val open = at("(")
    val close = words.next(open + 1, 0, Set(")"))
    val returns = at("RETURNS")
    val ends = Set("LANGUAGE", "DETERMINISTIC", "NOT", "COMMENT", "CONTAINS", "READS", "HANDLER",
      "PARAMETER", "ENVIRONMENT", "SQL")
    val end = words.next(returns + 1, 0, ends)
    refuse(words, returns)
    val ifNotExists = (0 until open).exists(i => words.upper(i) == "IF" && words.upper(i + 2) == "EXISTS")
    val name = head.substring(
      words.from(at("FUNCTION") + (if (ifNotExists) 4 else 1)), words.from(open))
    val comment = head.substring(words.from(end)) match {
      case Comment(one, two) => Option(one).orElse(Option(two))
      case _ => None
    }
    val isNot = (end until words.size).exists(i =>
      words.upper(i) == "NOT" && words.upper(i + 1) == "DETERMINISTIC")
    PythonStatement(
      StatementName.read(name.trim, parser),
      StoreFunction(
        Nil, head.substring(words.to(open), words.from(close)),
        head.substring(words.to(returns), words.from(end)).trim,
        isTable = false, body, "PYTHON", comment, Some(!isNot), ifNotExists,
        replace = words.upper(1) == "OR"))
  }

  private def refuse(words: Words, returns: Int): Unit = {
    val all = (0 until words.size).map(words.upper)
    def has(part: String*): Boolean = all.containsSlice(part)
    if (has("TEMPORARY")) throw new Refusal(
      "CREATE TEMPORARY FUNCTION … LANGUAGE PYTHON", "register the function with spark.udf.register.")
    if (all.lift(returns + 1).contains("TABLE")) throw new Refusal(
      "A Python function that RETURNS TABLE", "register it with spark.udtf.register.")
    if (has("PARAMETER", "STYLE", "PANDAS")) throw new Refusal(
      "PARAMETER STYLE PANDAS", "write the body for one row, or use pandas_udf in a notebook.")
    if (has("ENVIRONMENT")) throw new Refusal(
      "ENVIRONMENT of a Python function", "use what the runtime has, or a UDF of a notebook.")
  }
}

/**
 * A statement whose name is read when it runs.
 *
 * @param name of the function
 * @param store makes the function
 */
final case class PythonStatement(name: StatementName, store: StoreFunction)
    extends org.apache.spark.sql.execution.command.LeafRunnableCommand {
  override def run(api: org.apache.spark.sql.SparkSession): Seq[org.apache.spark.sql.Row] =
    store.copy(name = name.parts(Sessions.classic(api))).run(api)
}
