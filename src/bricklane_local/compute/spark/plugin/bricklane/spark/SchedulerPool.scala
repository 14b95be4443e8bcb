package bricklane.spark

import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.classic.SparkSession

/**
 * Puts the jobs of a session into the scheduler pool that the session names, so that those of
 * another take turns with them instead of waiting behind them.
 *
 * Spark takes a job's pool from a property of the thread that submits it, and Spark Connect lets
 * no client set one. This rule runs in that thread, for each query, before it has any job.
 *
 * @param session whose queries are planned
 */
final case class SchedulerPool(session: SparkSession) extends Rule[LogicalPlan] {

  override def apply(plan: LogicalPlan): LogicalPlan = {
    session.conf.getOption(SchedulerPool.Key)
      .foreach(session.sparkContext.setLocalProperty(SchedulerPool.Property, _))
    plan
  }
}

object SchedulerPool {
  val Key = "spark.bricklane.pool"

  private val Property = "spark.scheduler.pool"
}
