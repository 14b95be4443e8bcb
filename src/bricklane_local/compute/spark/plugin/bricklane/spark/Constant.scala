package bricklane.spark

import org.apache.spark.sql.catalyst.expressions.{Alias, Expression}
import org.apache.spark.sql.catalyst.plans.logical.{OneRowRelation, Project}
import org.apache.spark.sql.classic.SparkSession

/** Arguments of table functions that are known before a query runs. */
object Constant {

  /**
   * Returns the text of an argument.
   *
   * @param name of the argument
   * @param function that it is for
   * @throws RestFailure when it is NULL
   */
  def of(session: SparkSession, name: String, function: String, value: Expression): String = {
    val plan = Project(Seq(Alias(value, "value")()), OneRowRelation())
    val row = session.sessionState.executePlan(plan).executedPlan.executeCollectPublic().head
    if (row.isNullAt(0)) throw new RestFailure(
      400, "INVALID_PARAMETER_VALUE", s"$name of $function must not be NULL")
    row.get(0).toString
  }
}
