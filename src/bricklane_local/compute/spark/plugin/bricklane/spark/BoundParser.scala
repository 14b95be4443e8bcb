package bricklane.spark

import org.apache.spark.sql.catalyst.parser.{ParameterContext, ParserInterface}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan

/**
 * A parser that puts parameters into each statement it parses.
 *
 * @param delegate does the parsing
 * @param parameters values of the parameters
 */
final class BoundParser(delegate: ParserInterface, parameters: ParameterContext)
    extends ForwardingParser(delegate) {

  override def parsePlan(text: String): LogicalPlan =
    delegate.parsePlanWithParameters(text, parameters)
}
