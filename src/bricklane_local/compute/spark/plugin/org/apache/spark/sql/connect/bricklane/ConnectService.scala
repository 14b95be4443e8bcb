// The port which Spark Connect took is known to its own packages only (`private[connect]`).
package org.apache.spark.sql.connect.bricklane

import org.apache.spark.SparkContext
import org.apache.spark.sql.connect.service.SparkConnectService

/** The listener of Spark Connect in this process. */
object ConnectService {

  /** Starts it and returns the port that it took. */
  def start(context: SparkContext): Int = {
    SparkConnectService.start(context)
    SparkConnectService.localPort
  }

  /** When a client called last in a session that is still open, in milliseconds; 0 for never. */
  def lastCall: Long =
    SparkConnectService.sessionManager.listActiveSessions.map(_.lastAccessTimeMs).maxOption
      .getOrElse(0L)
}
