package bricklane.spark

import java.io.IOException
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.TimeUnit.SECONDS

import org.apache.hadoop.conf.Configuration

/**
 * Asks the catalog whether the session may use the files of a volume, as clients of Unity Catalog
 * do by requesting credentials for it
 * (https://docs.databricks.com/api/workspace/temporaryvolumecredentials).
 *
 * @param configuration has the identity of the session, see [[Caller]]
 */
final class VolumeAccess(configuration: Configuration) {
  import VolumeAccess._

  /**
   * Refuses who may not use a volume.
   *
   * @param volume its full name
   * @param operation `READ_VOLUME` or `WRITE_VOLUME`
   * @throws RestFailure naming the missing privilege; as it is no `IOException`, Spark passes it on
   *   where it would hide one
   */
  def require(volume: String, operation: String): Unit = {
    val asked = Question(caller, volume, operation)
    val known = allowed.get(asked)
    if (known == null || known - System.nanoTime() < 0) {
      ask(asked)
      allowed.put(asked, System.nanoTime() + Lifetime)
    }
  }

  private def caller: Caller = {
    val found = Caller(setting(Caller.HostKey).stripSuffix("/"), setting(Caller.TokenKey))
    Workspaces.requireHost(found.host, Option(configuration.get(PathMapping.WorkspaceKey)))
    found
  }

  private def setting(key: String): String =
    Option(configuration.get(key)).filter(_.nonEmpty).getOrElse(
      throw new IOException(s"The session setting $key is not set, so no volume can be used"))
}

object VolumeAccess {
  val Read = "READ_VOLUME"
  val Write = "WRITE_VOLUME"

  // A file system is made for each use of a path, so what was allowed is remembered beyond it.
  private val Lifetime = SECONDS.toNanos(5)
  private val Limit = 10000
  private val allowed = new ConcurrentHashMap[Question, java.lang.Long]()

  private final case class Question(caller: Caller, volume: String, operation: String)

  private def ask(question: Question): Unit = {
    if (allowed.size > Limit) allowed.clear()
    val rest = new RestClient(() => question.caller)
    // Of a volume that does not exist the file system says so itself.
    rest.find("/volumes/" + RestClient.segment(question.volume)).foreach { volume =>
      val body = RestClient.body()
        .put("volume_id", volume.path("volume_id").asText)
        .put("operation", question.operation)
      rest.ask("/temporary-volume-credentials", body)
    }
  }
}
