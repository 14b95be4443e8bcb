package bricklane.spark

import java.nio.file.{Files, NoSuchFileException, Path}
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.TimeUnit.SECONDS

import scala.jdk.CollectionConverters._

import org.apache.spark.SparkEnv

/**
 * The workspaces of this cloud and where each is, by the record that the cloud's server writes.
 *
 * The settings of a session say which workspace it is of and as whom it acts, and whoever holds
 * the session can change them. So they are believed only as far as they fit together: the address
 * is that of the workspace, and the workspace at this address accepts the token.
 */
object Workspaces {

  /** Names the record; a setting of the process, which no session can change. */
  val RecordKey = "spark.bricklane.record"

  // What the record also has, and is no workspace.
  private val Others = Set("account", "forge")

  // A file system is made for each use of a path, so what was true is remembered beyond it.
  private val Lifetime = SECONDS.toNanos(5)
  private val Limit = 10000
  private val accepted = new ConcurrentHashMap[Caller, java.lang.Long]()

  /** Where each is, by name. */
  def hosts: Map[String, String] = {
    val record =
      try Files.readString(Path.of(setting(RecordKey)))
      catch { case _: NoSuchFileException => "{}" }
    RestClient.parse(record).path("hosts").properties.asScala
      .map(entry => entry.getKey -> entry.getValue.asText)
      .filterNot { case (name, _) => Others(name) }
      .toMap
  }

  /** A setting of the process, whatever sessions say; also before Spark has begun in it. */
  def setting(key: String): String =
    Option(SparkEnv.get).fold(sys.props.get(key))(_.conf.getOption(key)).getOrElse("")

  /**
   * Refuses an address that is of no workspace of this cloud, or not of the one that is named: who
   * is there would be asked what the session may do.
   *
   * @param named the workspace that the session says it is of, None when it says nothing
   * @throws RestFailure with status 403
   */
  def requireHost(host: String, named: Option[String]): Unit = {
    val known = hosts
    if (!named.fold(known.values.exists(_ == host))(known.get(_).contains(host))) {
      val what = named.fold("any workspace of this cloud")(name => s"the workspace '$name'")
      throw new RestFailure(
        403,
        "PERMISSION_DENIED",
        s"The session setting ${Caller.HostKey} is '$host', which is not the address of $what; " +
          s"${PathMapping.WorkspaceKey} must name the workspace that the session's token is of")
    }
  }

  /**
   * Refuses who is not of a workspace.
   *
   * @throws RestFailure with status 401 or 403
   */
  def requireMember(caller: Caller, workspace: String): Unit = {
    requireHost(caller.host, Some(workspace))
    val known = accepted.get(caller)
    if (known == null || known - System.nanoTime() < 0) {
      new RestClient(() => caller).userName()
      if (accepted.size > Limit) accepted.clear()
      accepted.put(caller, System.nanoTime() + Lifetime)
    }
  }
}
