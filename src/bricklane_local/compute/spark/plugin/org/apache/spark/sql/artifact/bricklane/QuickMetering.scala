package org.apache.spark.sql.artifact.bricklane

import java.util.concurrent.atomic.LongAdder

import org.apache.spark.sql.catalyst.rules.{
  QueryExecutionMetering,
  QueryExecutionMetrics,
  RuleExecutor
}

/**
 * Counts the runs of the planner's rules as Spark does, and keeps their sums.
 *
 * Spark asks for the sums before and after it plans anything, to log the difference, and then adds
 * up some hundred counts four times (Spark 4.1.1).
 */
final class QuickMetering extends QueryExecutionMetering {
  private val time, runs, effectiveRuns, effectiveTime = new LongAdder

  override def incExecutionTimeBy(rule: String, delta: Long): Unit = {
    super.incExecutionTimeBy(rule, delta)
    time.add(delta)
  }

  override def incTimeEffectiveExecutionBy(rule: String, delta: Long): Unit = {
    super.incTimeEffectiveExecutionBy(rule, delta)
    effectiveTime.add(delta)
  }

  override def incNumExecution(rule: String): Unit = {
    super.incNumExecution(rule)
    runs.increment()
  }

  override def incNumEffectiveExecution(rule: String): Unit = {
    super.incNumEffectiveExecution(rule)
    effectiveRuns.increment()
  }

  override def resetMetrics(): Unit = {
    super.resetMetrics()
    Seq(time, runs, effectiveRuns, effectiveTime).foreach(_.reset())
  }

  override def getMetrics(): QueryExecutionMetrics =
    QueryExecutionMetrics(time.sum, runs.sum, effectiveRuns.sum, effectiveTime.sum)
}

object QuickMetering {
  private val meter = new QuickMetering

  /** Has Spark count this way; where it does not count under this name, all stays as it is. */
  def install(): Unit = Replaced(RuleExecutor, "queryExecutionMeter", meter)

  /** What was counted since it was installed. */
  def metrics: QueryExecutionMetrics = meter.getMetrics()
}
