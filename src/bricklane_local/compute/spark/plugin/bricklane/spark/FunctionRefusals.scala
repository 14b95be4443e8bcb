package bricklane.spark

import bricklane.spark.dialect.Refusals
import org.apache.spark.sql.catalyst.analysis.{UnresolvedFunction, UnresolvedTableValuedFunction}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.catalyst.rules.Rule

/** Refuses by name the functions that only the platform can have. */
object FunctionRefusals extends Rule[LogicalPlan] {
  override def apply(plan: LogicalPlan): LogicalPlan = {
    plan.foreachWithSubqueries { node =>
      node match {
        case function: UnresolvedTableValuedFunction if function.name.length == 1 =>
          Refusals.checkFunction(function.name.head)
        case _ =>
      }
      node.expressions.foreach(_.foreach {
        case function: UnresolvedFunction if function.nameParts.length == 1 =>
          Refusals.checkFunction(function.nameParts.head)
        case _ =>
      })
    }
    plan
  }
}
