package bricklane.spark

import java.lang.management.ManagementFactory
import java.nio.file.{Files, Path, StandardCopyOption}
import javax.management.ObjectName

import scala.util.control.NonFatal

/**
 * Writes the classes that are loaded now to the file that the property `bricklane.archive` names.
 *
 * The command is `VM.cds` of
 * https://docs.oracle.com/en/java/javase/17/docs/specs/man/jcmd.html; a Java without it goes on
 * without an archive, and says so in its output.
 */
object ClassArchive {
  private val commands = new ObjectName("com.sun.management:type=DiagnosticCommand")

  def write(): Unit = Option(System.getProperty("bricklane.archive")).map(Path.of(_)).foreach {
    archive =>
      val part = archive.resolveSibling(s"${archive.getFileName}.${ProcessHandle.current.pid}")
      try {
        ManagementFactory.getPlatformMBeanServer.invoke(
          commands,
          "vmCds",
          Array[AnyRef](Array("dynamic_dump", part.toString)),
          Array(classOf[Array[String]].getName)
        )
        Files.move(part, archive, StandardCopyOption.ATOMIC_MOVE)
      } catch {
        case NonFatal(error) => System.err.println(s"classes were not archived: $error")
      }
  }
}
