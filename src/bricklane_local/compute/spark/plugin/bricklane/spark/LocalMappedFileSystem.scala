package bricklane.spark

import org.apache.hadoop.fs.{FSDataOutputStream, LocalFileSystem, Path}
import org.apache.hadoop.util.Progressable

/**
 * [[MappedFileSystem]] for programs that read RDDs: Hadoop casts what stands for the scheme `file`
 * to this superclass before it makes one. No checksums are written or looked at.
 */
final class LocalMappedFileSystem extends LocalFileSystem(new MappedFileSystem) {
  setWriteChecksum(false)
  setVerifyChecksum(false)

  // The superclass refuses both, for the checksums that are not there.
  override def append(path: Path, bufferSize: Int, progress: Progressable): FSDataOutputStream =
    getRawFileSystem.append(path, bufferSize, progress)

  override def truncate(path: Path, length: Long): Boolean =
    getRawFileSystem.truncate(path, length)
}
