// The folder of what clients have sent is known to its package of Spark only (`private[artifact]`).
package org.apache.spark.sql.artifact.bricklane

import java.nio.file.{Files, Path}
import java.util.{Map => Settings}

import org.apache.spark.SparkContext
import org.apache.spark.api.plugin.{DriverPlugin, ExecutorPlugin, PluginContext, SparkPlugin}
import org.apache.spark.executor.ExecutorClassLoader
import org.apache.spark.sql.artifact.ArtifactManager
import org.apache.spark.util.Utils

/**
 * Lets all sessions share the Java code that Spark makes of their queries.
 *
 * Spark keeps such code for the class loader that it was compiled under, and gives the tasks of
 * each session a loader of their own, for classes that its client may send. So every session
 * would compile the same queries anew, and their code would never be run often enough to get fast.
 * Here the tasks of a session that was sent no classes run under Spark's own loader, as the
 * driver's side of their query does already.
 *
 * Only where tasks run in the driver's process, which has the folder of what was sent.
 */
final class SharedCode extends SparkPlugin {
  override def driverPlugin(): DriverPlugin = null

  override def executorPlugin(): ExecutorPlugin = new ExecutorPlugin {
    private var local = false

    override def init(context: PluginContext, settings: Settings[String, String]): Unit = {
      local = context.executorID() == SparkContext.DRIVER_IDENTIFIER
      QuickPatterns.install()
      QuickMetering.install()
    }

    override def onTaskStart(): Unit = {
      val task = Thread.currentThread
      task.getContextClassLoader match {
        case own: ExecutorClassLoader if local && !SharedCode.wasSentClasses(own) =>
          task.setContextClassLoader(Utils.getSparkClassLoader)
        case _ =>
      }
    }
  }
}

object SharedCode {
  // Where Spark puts them, in the folder of the session.
  private val Folders = Seq("classes", "jars")

  /** Says so of the session whose loader it is, which has a URI such as `…/SESSION/classes/`. */
  private def wasSentClasses(loader: ExecutorClassLoader): Boolean = {
    val session = Path.of(loader.uri.getPath).getParent.getFileName
    val sent = ArtifactManager.artifactRootDirectory.resolve(session)
    Folders.exists(name => Files.exists(sent.resolve(name)))
  }
}
