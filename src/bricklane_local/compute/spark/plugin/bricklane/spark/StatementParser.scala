package bricklane.spark

import io.delta.sql.parser.DeltaSqlParser
import org.apache.spark.sql.catalyst.parser.{ParameterContext, ParserInterface}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan

/**
 * Parses the statements about catalogs that Spark does not have, and passes on all others.
 *
 * @param delegate Delta's parser, which in turn passes on to Spark's
 */
final class StatementParser(delegate: ParserInterface) extends ForwardingParser(delegate) {

  override def parsePlan(text: String): LogicalPlan =
    new CatalogStatements(delegate.parsePlan).parse(text).getOrElse(delegate.parsePlan(text))

  /**
   * Parses a statement with parameters.
   *
   * Delta 4.4.0 does not override this method, so that behind its parser the parameters would
   * be lost. Its parser is given a delegate here that still has them.
   */
  override def parsePlanWithParameters(text: String, parameters: ParameterContext): LogicalPlan = {
    val bound = delegate match {
      case delta: DeltaSqlParser => new DeltaSqlParser(new BoundParser(delta.delegate, parameters))
      case other => new BoundParser(other, parameters)
    }
    new CatalogStatements(bound.parsePlan).parse(text).getOrElse(bound.parsePlan(text))
  }
}
