package bricklane.spark

import bricklane.spark.dialect.{Refusals, Rewrite}
import bricklane.spark.ingestion.CopyStatement
import io.delta.sql.parser.DeltaSqlParser
import org.apache.spark.sql.catalyst.parser.{ParameterContext, ParserInterface}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan

/**
 * Parses the statements of Databricks SQL that Spark does not have, and passes on all others.
 *
 * @param delegate Delta's parser, which in turn passes on to Spark's
 */
final class StatementParser(delegate: ParserInterface) extends ForwardingParser(delegate) {

  override def parsePlan(text: String): LogicalPlan = parse(text, delegate)

  override def parseQuery(text: String): LogicalPlan = delegate.parseQuery(Rewrite.all(text))

  /**
   * Parses a statement with parameters.
   *
   * Delta 4.4.0 does not override this method, so that behind its parser the parameters would
   * be lost. Its parser is given a delegate here that still has them.
   */
  override def parsePlanWithParameters(text: String, parameters: ParameterContext): LogicalPlan =
    parse(text, delegate match {
      case delta: DeltaSqlParser => new DeltaSqlParser(new BoundParser(delta.delegate, parameters))
      case other => new BoundParser(other, parameters)
    })

  private def parse(written: String, parser: ParserInterface): LogicalPlan = {
    Refusals.check(written)
    val text = Rewrite.all(written)
    new CatalogStatements(parser.parsePlan).parse(text)
      .orElse(new TableStatements(parser.parsePlan).parse(text))
      .orElse(CopyStatement.parse(text, parser.parsePlan))
      .orElse(FunctionStatements.parse(text, parser.parsePlan))
      .getOrElse(parser.parsePlan(text))
  }
}
