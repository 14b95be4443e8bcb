package bricklane.spark

import org.apache.spark.sql.catalyst.expressions.{CurrentUser, Literal}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.classic.SparkSession

/**
 * Makes `current_user()`, `session_user()` and `user()` name the principal that the session acts
 * for; Spark itself would name the account of this machine that its process runs under.
 *
 * The workspace is asked, with the session's token: a setting could be forged by the query.
 *
 * @param session whose statements are resolved
 */
final case class CallerName(session: SparkSession) extends Rule[LogicalPlan] {

  override def apply(plan: LogicalPlan): LogicalPlan =
    if (!Caller.isKnown(session)) plan
    else {
      lazy val name = Literal(Sessions.rest(session).userName())
      plan.transformAllExpressionsWithSubqueries { case _: CurrentUser => name }
    }
}
