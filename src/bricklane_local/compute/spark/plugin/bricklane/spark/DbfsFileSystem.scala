package bricklane.spark

import java.io.File
import java.net.URI

import org.apache.hadoop.fs.Path

/**
 * The scheme `dbfs`: a folder of the workspace, with volumes below `dbfs:/Volumes` and the
 * workspace's tree below `dbfs:/Workspace`.
 *
 * It is the default file system, so that paths without a scheme mean what they mean on Databricks
 * (https://docs.databricks.com/dbfs). A path whose authority names the workspace, as in
 * `dbfs://dev/tmp`, means the same in every session; qualified paths are of that form.
 */
class DbfsFileSystem extends MappedFileSystem {
  override def getScheme: String = "dbfs"

  override def getUri: URI = DbfsFileSystem.Root

  override protected def datasets: String = "/databricks-datasets"

  override def pathToFile(path: Path): File = {
    checkPath(path)
    require(path, VolumeAccess.Read)
    val uri = absolute(path).toUri
    mapping.dbfs(uri.getPath, Option(uri.getAuthority))
  }

  override def makeQualified(path: Path): Path = {
    val uri = absolute(path).toUri
    if (uri.getAuthority != null || mapping.isOfVolumes(uri.getPath)) {
      path.makeQualified(getUri, getWorkingDirectory)
    } else new Path(getScheme, mapping.workspace(path.toString), uri.getPath)
  }

  override protected def getInitialWorkingDirectory: Path = new Path("dbfs:/")

  override protected def checkPath(path: Path): Unit = {
    val scheme = path.toUri.getScheme
    if (scheme != null && scheme != getScheme) {
      throw new IllegalArgumentException(s"$path is not a path of DBFS")
    }
  }
}

object DbfsFileSystem {
  private val Root = URI.create("dbfs:///")
}
