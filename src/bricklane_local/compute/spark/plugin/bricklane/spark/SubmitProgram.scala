package bricklane.spark

import java.nio.file.Path

import org.apache.spark.deploy.SparkSubmit

/** The process of a Spark submit task: Spark's own `spark-submit`, with the settings of the run. */
object SubmitProgram {

  /**
   * @param arguments file of settings, removed once read; file for the report; file with a list of
   *   what `spark-submit` gets
   */
  def main(arguments: Array[String]): Unit = {
    ProcessSettings.take(Path.of(arguments(0)))
    val report = new ProgramReport(Path.of(arguments(1)))
    val ended =
      try {
        SparkSubmit.main(ProgramFiles.texts(Path.of(arguments(2))))
        report.returned()
        0
      } catch {
        case error: Throwable =>
          report.failed(error)
          1
      }
    System.exit(ended)
  }
}
