package bricklane.spark

import java.io.{PrintWriter, StringWriter}
import java.nio.file.{Files, Path, StandardCopyOption}

import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}

/**
 * What a program's process leaves to say how the program ended; none says that the process did.
 *
 * @param file where it is written, in one step
 */
final class ProgramReport(file: Path) {
  import ProgramReport._

  /** Notes that the program returned. */
  def returned(): Unit = write(new ObjectMapper().createObjectNode())

  /** Notes what the program threw, and prints it where the launcher of Java would. */
  def failed(error: Throwable): Unit = {
    val trace = textOf(error)
    System.err.print(trace)
    val body = new ObjectMapper().createObjectNode()
    body.put("type", error.getClass.getName)
    body.put("message", Option(error.getMessage).getOrElse(""))
    body.put("traceback", trace.stripLineEnd)
    write(body)
  }

  private def write(body: JsonNode): Unit = {
    val draft = file.resolveSibling(s".${file.getFileName}.new")
    Files.writeString(draft, body.toString)
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE)
  }
}

object ProgramReport {
  // What calls a main method: reflection, Spark's launcher and these programs.
  private val Callers =
    Seq("jdk.internal.reflect.", "java.lang.reflect.", "bricklane.spark.", "org.apache.spark.deploy.")

  private def textOf(error: Throwable): String = {
    val frames = error.getStackTrace
    val last = frames.lastIndexWhere(frame => !Callers.exists(frame.getClassName.startsWith))
    if (last >= 0) error.setStackTrace(frames.take(last + 1))
    val text = new StringWriter()
    error.printStackTrace(new PrintWriter(text, true))
    text.toString
  }
}
