package bricklane.spark

import java.util.concurrent.atomic.{AtomicInteger, AtomicLong}

import org.apache.spark.scheduler.{SparkListener, SparkListenerJobEnd, SparkListenerJobStart}
import org.apache.spark.sql.connect.bricklane.ConnectService

/** Knows for how long nobody has used this process: no job ran, and no client called. */
final class Idleness extends SparkListener {
  private val jobs = new AtomicInteger(0)
  private val last = new AtomicLong(System.currentTimeMillis())

  override def onJobStart(start: SparkListenerJobStart): Unit = jobs.incrementAndGet()

  override def onJobEnd(end: SparkListenerJobEnd): Unit = {
    jobs.decrementAndGet()
    last.set(System.currentTimeMillis())
  }

  /** Lets the time without use begin now. */
  def begin(): Unit = last.set(System.currentTimeMillis())

  /** Milliseconds since the last use, 0 during one. */
  def milliseconds: Long =
    if (jobs.get > 0) 0
    else math.max(0, System.currentTimeMillis() - math.max(last.get, ConnectService.lastCall))
}
