package bricklane.spark

import org.apache.spark.sql.AnalysisException
import org.apache.spark.sql.catalyst.analysis.{PlanWithUnresolvedIdentifier, UnresolvedNamespace}
import org.apache.spark.sql.catalyst.expressions.{Alias, Expression}
import org.apache.spark.sql.catalyst.plans.logical.{
  LogicalPlan, OneRowRelation, Project, SetCatalogAndNamespace
}
import org.apache.spark.sql.classic.SparkSession

/**
 * A name in a statement of ours: as written, or an expression as in `IDENTIFIER(:catalog)`.
 *
 * @param value the parts of the name, or the expression that gives it
 */
final case class StatementName(value: Either[Expression, Seq[String]]) {

  /** Returns the parts of the name, computing them where needed. */
  def parts(session: SparkSession): Seq[String] = value match {
    case Right(parts) => parts
    case Left(expression) =>
      val plan = Project(Seq(Alias(expression, "name")()), OneRowRelation())
      val text = session.sessionState.executePlan(plan).executedPlan.executeCollect().head
      if (text.isNullAt(0)) throw unusable("a null")
      session.sessionState.sqlParser.parseMultipartIdentifier(text.getUTF8String(0).toString)
  }

  /** Returns the name, which must have one part. */
  def single(session: SparkSession): String = parts(session) match {
    case Seq(name) => name
    case several => throw unusable(several.mkString("'", ".", "'"))
  }

  private def unusable(found: String) = new AnalysisException(
    errorClass = "IDENTIFIER_TOO_MANY_NAME_PARTS",
    messageParameters = Map("identifier" -> found, "limit" -> "1"))
}

object StatementName {

  /**
   * Reads a name.
   *
   * @param text the name as it stands in the statement
   * @param parser parses a statement with the parameters of the one that is being parsed
   */
  def read(text: String, parser: String => LogicalPlan): StatementName =
    if (text.startsWith("'")) StatementName(Right(Seq(text.substring(1, text.length - 1))))
    // Spark's grammar takes no hyphen in a bare name, Databricks' takes it here.
    else if (text.matches("[\\w-]+")) StatementName(Right(Seq(text)))
    else
      parser(s"USE $text") match {
        case SetCatalogAndNamespace(UnresolvedNamespace(parts, _)) => StatementName(Right(parts))
        case SetCatalogAndNamespace(PlanWithUnresolvedIdentifier(expression, _, _)) =>
          StatementName(Left(expression))
        case PlanWithUnresolvedIdentifier(expression, _, _) => StatementName(Left(expression))
        case other => throw new IllegalStateException(s"not a name: $text was parsed as $other")
      }
}
