package bricklane.spark

import java.io.File
import java.lang.reflect.{InvocationTargetException, Method, Modifier}
import java.nio.file.Path

import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.util.MutableURLClassLoader

/**
 * The process of a JAR task: calls the main method of a class in the task's jars.
 *
 * The session is made before, so that `SparkSession.builder().getOrCreate()` and
 * `SparkContext.getOrCreate()` in the jar find the one that acts for the run. The process ends
 * when the main method returns, whatever other threads still do.
 */
object JarProgram {

  /**
   * @param arguments file of settings, removed once read; file for the report; file with a list of
   *   the paths of the jars in one text, the name of the class, and what its main method gets
   */
  def main(arguments: Array[String]): Unit = {
    ProcessSettings.take(Path.of(arguments(0)))
    val report = new ProgramReport(Path.of(arguments(1)))
    val Array(paths, name, parameters @ _*) = ProgramFiles.texts(Path.of(arguments(2)))
    val jars = paths.split(File.pathSeparator).filter(_.nonEmpty).map(new File(_))
    val ended =
      try {
        // The executor's class loader, made with the session, is a child of this one.
        val loader = new MutableURLClassLoader(jars.map(_.toURI.toURL), getClass.getClassLoader)
        Thread.currentThread.setContextClassLoader(loader)
        val program = mainOf(loader, name, jars)
        SparkSession.builder().getOrCreate()
        program.invoke(null, parameters.toArray)
        report.returned()
        0
      } catch {
        case error: InvocationTargetException => failed(report, error.getCause)
        case error: Throwable => failed(report, error)
      }
    System.exit(ended)
  }

  private def failed(report: ProgramReport, error: Throwable): Int = {
    report.failed(error)
    1
  }

  private def mainOf(loader: ClassLoader, name: String, jars: Array[File]): Method = {
    val found =
      try Class.forName(name, false, loader)
      catch {
        case _: ClassNotFoundException =>
          val names = jars.map(_.getName).mkString(", ")
          throw new ClassNotFoundException(
            s"$name is in none of the task's jars: ${if (names.isEmpty) "it has none" else names}")
      }
    val method =
      try found.getMethod("main", classOf[Array[String]])
      catch {
        case _: NoSuchMethodException =>
          throw new NoSuchMethodException(s"$name has no public method main(String[])")
      }
    if (!Modifier.isStatic(method.getModifiers)) {
      throw new NoSuchMethodException(s"The method main of $name is not static")
    }
    // The class itself need not be public, as for the launcher of Java.
    method.setAccessible(true)
    method
  }
}
