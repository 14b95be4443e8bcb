package bricklane.spark

import java.io.{File, FileNotFoundException, IOException}

import org.apache.hadoop.conf.Configuration

/**
 * Where the folders lie that Databricks shows as `/Volumes`, `/Workspace` and DBFS.
 *
 * Volumes belong to the metastore: every session sees the same ones. The tree of a workspace and
 * its DBFS belong to the session's workspace, which is among the session's settings. Spark copies
 * those into the Hadoop configuration that it hands to a file system, on executors too.
 *
 * @param configuration has the folders, and the workspace of the session
 */
final class PathMapping(configuration: Configuration) {
  import PathMapping._

  /** Returns the file behind an absolute path of the scheme `file`. */
  def file(path: String): File = path match {
    case Below("Volumes", rest) => volumes(rest)
    case Below("Workspace", rest) => below(view(workspace(path)), rest)
    case Below("dbfs", rest) => dbfs(s"/$rest", None)
    case _ => unmapped(path)
  }

  // The folders of workspaces have real paths too, which qualified paths of theirs are.
  private def unmapped(path: String): File = {
    val file = new File(path)
    val (root, full) = (new File(folder(WorkspacesKey)).toPath, file.toPath.normalize)
    if (full.startsWith(root) && full != root) own(root.relativize(full).getName(0).toString)
    file
  }

  /**
   * Returns the file behind an absolute path of the scheme `dbfs`.
   *
   * @param named the workspace, when the path names it as `dbfs://dev/tmp` does
   */
  def dbfs(path: String, named: Option[String]): File = path match {
    case Below("Volumes", rest) => volumes(rest)
    case Below("Workspace", rest) => below(view(named.fold(workspace(path))(own)), rest)
    case _ =>
      val owner = named.fold(workspace(path))(own)
      below(new File(folder(WorkspacesKey), s"$owner/dbfs"), path.stripPrefix("/"))
  }

  /** Whether the meaning of a path of the scheme `file` depends on the session's workspace. */
  def isOfWorkspace(path: String): Boolean = path match {
    case Below("Workspace" | "dbfs", _) => true
    case _ => false
  }

  /** Whether a path leads into volumes. */
  def isOfVolumes(path: String): Boolean = path match {
    case Below("Volumes", _) => true
    case _ => false
  }

  /**
   * Returns the workspace of the session that asks for a path.
   *
   * @throws java.io.IOException when the configuration is of no session
   * @throws RestFailure when the session's token is not of the workspace that it names
   */
  def workspace(path: String): String = {
    val name = configuration.get(WorkspaceKey, "")
    if (name.isEmpty) {
      throw new IOException(
        s"$path belongs to a workspace, and which one is not known here: the session setting " +
          s"$WorkspaceKey is not set")
    }
    val caller = Caller(
      configuration.get(Caller.HostKey, "").stripSuffix("/"),
      configuration.get(Caller.TokenKey, ""))
    Workspaces.requireMember(caller, checked(name))
    name
  }

  /** Returns the name of the session's workspace, and refuses that of another. */
  private def own(name: String): String = {
    val mine = workspace(checked(name))
    if (mine == name) name
    else
      throw new RestFailure(
        403,
        "PERMISSION_DENIED",
        s"The files of the workspace '$name' cannot be used in a session of '$mine'")
  }

  /**
   * Refuses to make a file outside of an existing volume: only the catalog makes volumes.
   *
   * @throws java.io.FileNotFoundException naming the volume
   */
  def requireVolume(path: String): Unit = path match {
    case Below("Volumes", rest) =>
      val parts = rest.split('/').filter(_.nonEmpty).take(3)
      if (parts.length < 3 || !volumes(parts.mkString("/")).isDirectory) {
        throw new FileNotFoundException(
          s"Volume '${parts.mkString(".")}' does not exist, so $path cannot be written")
      }
    case _ =>
  }

  /** Returns the full name of the volume that a path is in, None for a path above all volumes. */
  def volumeOf(path: String): Option[String] = path match {
    case Below("Volumes", rest) =>
      val parts = rest.split('/').filter(_.nonEmpty).take(3)
      Option.when(parts.length == 3)(parts.mkString(".").toLowerCase(java.util.Locale.ROOT))
    case _ => None
  }

  private def volumes(rest: String): File = below(new File(folder(VolumesKey)), rest)

  private def view(workspace: String): File = new File(folder(WorkspacesKey), s"$workspace/view")

  private def below(root: File, rest: String): File = {
    val file = root.toPath.resolve(rest).normalize
    if (file.startsWith(root.toPath)) file.toFile
    else throw new IOException(s"$rest leads out of its folder")
  }

  // Of the process and not of the configuration, to which a session's settings are added.
  private def folder(key: String): String =
    Some(Workspaces.setting(s"spark.hadoop.$key")).filter(_.nonEmpty).getOrElse(
      throw new IOException(s"The setting $key is not set"))
}

object PathMapping {
  val VolumesKey = "bricklane.volumes"
  val WorkspacesKey = "bricklane.workspaces"
  val WorkspaceKey = "spark.bricklane.workspace"

  private val Pattern = "/+(Volumes|Workspace|dbfs)(?:/+(.*))?".r

  /** Matches a path below one of the three folders: the folder's name and the rest. */
  private object Below {
    def unapply(path: String): Option[(String, String)] = path match {
      case Pattern(root, rest) => Some((root, Option(rest).getOrElse("")))
      case _ => None
    }
  }

  // The name becomes a folder's: it must not lead out of the one that holds them all.
  private def checked(name: String): String =
    if (name.matches("[A-Za-z0-9][A-Za-z0-9_-]*")) name
    else throw new IOException(s"'$name' is not the name of a workspace")
}
