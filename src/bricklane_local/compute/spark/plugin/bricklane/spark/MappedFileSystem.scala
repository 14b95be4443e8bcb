package bricklane.spark

import java.io.{File, FileNotFoundException}
import java.net.URI
import java.nio.file.{FileAlreadyExistsException, Files}
import java.nio.file.attribute.PosixFilePermissions

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs._
import org.apache.hadoop.fs.permission.FsPermission
import org.apache.hadoop.util.Progressable

/**
 * The scheme `file`, with `/Volumes`, `/Workspace` and `/dbfs` where this cloud keeps them.
 *
 * Built on Hadoop's raw local file system, because the other one leaves `.crc` files beside the
 * user's own. Paths keep their Databricks names in what it answers.
 */
class MappedFileSystem extends RawLocalFileSystem {
  protected var mapping: PathMapping = _
  private var access: VolumeAccess = _

  override def initialize(uri: URI, configuration: Configuration): Unit = {
    mapping = new PathMapping(configuration)
    access = new VolumeAccess(configuration)
    super.initialize(uri, configuration)
  }

  override def pathToFile(path: Path): File = {
    checkPath(path)
    require(path, VolumeAccess.Read)
    mapping.file(absolute(path).toUri.getPath)
  }

  /** The folder of this file system that nobody may change. */
  protected def datasets: String = "/dbfs/databricks-datasets"

  /** Refuses to use the files of a volume without its privilege, and to change datasets. */
  protected def require(path: Path, operation: String): Unit = {
    val full = absolute(path).toUri.getPath
    if (operation == VolumeAccess.Write && s"$full/".startsWith(s"$datasets/")) {
      throw new RestFailure(403, "PERMISSION_DENIED", s"/databricks-datasets can only be read: $path")
    }
    mapping.volumeOf(full).foreach(access.require(_, operation))
  }

  /**
   * Names a file of a workspace by its real path, which means the same in every session. Caches
   * that outlive a session rely on that: Delta's, of table logs, has qualified paths as keys.
   */
  override def makeQualified(path: Path): Path = {
    val full = absolute(path)
    if (mapping.isOfWorkspace(full.toUri.getPath)) {
      new Path(getUri.getScheme, null, pathToFile(full).getPath)
    } else super.makeQualified(path)
  }

  // Called by the constructor of the superclass, before there is a mapping.
  override protected def getInitialWorkingDirectory: Path =
    new Path("file:" + System.getProperty("user.dir"))

  override def listStatus(path: Path): Array[FileStatus] = {
    val file = pathToFile(path)
    val names = file.list()
    if (names == null) Array(getFileStatus(path))
    else
      // A name with a colon is no path of its own, hence the constructor with three parts.
      names.sorted.flatMap { name =>
        val child = new Path(path, new Path(null, null, name))
        // Another task may delete a file while the folder is read.
        Option.when(pathToFile(child).exists())(getFileStatus(child))
      }
  }

  override def getFileStatus(path: Path): FileStatus = {
    val file = pathToFile(path)
    if (!file.exists()) throw new FileNotFoundException(s"File $path does not exist")
    new FileStatus(
      file.length(),
      file.isDirectory,
      1,
      getDefaultBlockSize(path),
      file.lastModified(),
      path.makeQualified(getUri, getWorkingDirectory))
  }

  override def getFileLinkStatus(path: Path): FileStatus = getFileStatus(path)

  // The folder of a workspace is made with the first file in it.
  override protected def mkOneDirWithMode(
      path: Path,
      folder: File,
      permission: FsPermission): Boolean = {
    Option(folder.getParentFile).foreach(_.mkdirs())
    super.mkOneDirWithMode(path, folder, permission)
  }

  override def mkdirs(path: Path): Boolean = {
    requireVolume(path)
    super.mkdirs(path)
  }

  override def mkdirs(path: Path, permission: FsPermission): Boolean = {
    requireVolume(path)
    super.mkdirs(path, permission)
  }

  override def create(
      path: Path,
      overwrite: Boolean,
      bufferSize: Int,
      replication: Short,
      blockSize: Long,
      progress: Progressable): FSDataOutputStream = {
    requireVolume(path)
    super.create(path, overwrite, bufferSize, replication, blockSize, progress)
  }

  override def create(
      path: Path,
      permission: FsPermission,
      overwrite: Boolean,
      bufferSize: Int,
      replication: Short,
      blockSize: Long,
      progress: Progressable): FSDataOutputStream = {
    requireVolume(path)
    super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress)
  }

  /**
   * Renames a file, never over an existing one unless told so, whoever else writes meanwhile.
   *
   * Delta's commits rest on that. Hadoop's own way, to look and then to rename, leaves a moment
   * in between, whereas the making of a link fails when the name is taken.
   */
  @deprecated("as in FileSystem", "")
  override def rename(source: Path, target: Path, options: Options.Rename*): Unit = {
    Seq(source, target).foreach(require(_, VolumeAccess.Write))
    val from = pathToFile(source)
    if (options.contains(Options.Rename.OVERWRITE) || !from.isFile) {
      super.rename(source, target, options: _*)
    } else {
      try Files.createLink(pathToFile(target).toPath, from.toPath)
      catch {
        case _: FileAlreadyExistsException =>
          throw new org.apache.hadoop.fs.FileAlreadyExistsException(
            s"rename destination $target already exists.")
      }
      Files.delete(from.toPath)
    }
  }

  override def rename(source: Path, target: Path): Boolean = {
    Seq(source, target).foreach(require(_, VolumeAccess.Write))
    super.rename(source, target)
  }

  override def append(
      path: Path,
      bufferSize: Int,
      progress: Progressable): FSDataOutputStream = {
    require(path, VolumeAccess.Write)
    super.append(path, bufferSize, progress)
  }

  override def truncate(path: Path, length: Long): Boolean = {
    require(path, VolumeAccess.Write)
    super.truncate(path, length)
  }

  override def delete(path: Path, recursive: Boolean): Boolean = {
    require(path, VolumeAccess.Write)
    super.delete(path, recursive)
  }

  // Hadoop starts a `chmod` process for every file when its native library is absent.
  override def setPermission(path: Path, permission: FsPermission): Unit = {
    val bits = PosixFilePermissions.fromString(
      permission.getUserAction.SYMBOL + permission.getGroupAction.SYMBOL +
        permission.getOtherAction.SYMBOL)
    Files.setPosixFilePermissions(pathToFile(path).toPath, bits)
  }

  protected def absolute(path: Path): Path =
    if (path.isAbsolute) path else new Path(getWorkingDirectory, path)

  private def requireVolume(path: Path): Unit = {
    mapping.requireVolume(absolute(path).toUri.getPath)
    require(path, VolumeAccess.Write)
  }
}
