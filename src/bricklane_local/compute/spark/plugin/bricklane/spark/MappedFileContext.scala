package bricklane.spark

import java.net.URI

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.DelegateToFileSystem

/**
 * The two file systems for Hadoop's second interface, by which Delta and streams commit.
 *
 * @param uri of the file system; its scheme tells which one
 * @param configuration of the session
 */
class MappedFileContext(uri: URI, configuration: Configuration)
    extends DelegateToFileSystem(
      uri, MappedFileContext.system(uri, configuration), configuration, uri.getScheme, false) {

  override def getUriDefaultPort: Int = -1
}

object MappedFileContext {
  private def system(uri: URI, configuration: Configuration): MappedFileSystem = {
    val system = if (uri.getScheme == "dbfs") new DbfsFileSystem else new MappedFileSystem
    system.initialize(uri, configuration)
    system
  }
}
