package bricklane.spark

import java.nio.charset.StandardCharsets.UTF_8
import java.util.Base64
import java.util.concurrent.ConcurrentHashMap

import scala.io.Source

import org.apache.spark.sql.bricklane.Internals
import org.apache.spark.sql.catalyst.expressions.Expression
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.types.{DataType, StructType}

/**
 * Functions whose body is Python. Spark runs them in its Python processes as it runs those that a
 * notebook defines; the function object for it is made once, by a Python of the same environment.
 */
object PythonFunctions {
  private final case class Compiled(version: String, bytes: Array[Byte])

  private val compiled = new ConcurrentHashMap[String, Compiled]()

  // Reads JSON, and writes the version of Python and the function as Spark's workers take it.
  private val Program =
    """import base64, json, sys, textwrap
      |given = json.load(sys.stdin)
      |source = f"def {given['name']}({', '.join(given['parameters'])}):\n"
      |source += textwrap.indent(textwrap.dedent(given['body']).strip("\n"), "    ") + "\n"
      |names = {"__name__": "__main__"}
      |try:
      |    exec(compile(source, given['name'], "exec"), names)
      |except SyntaxError as error:
      |    sys.exit(f"line {(error.lineno or 1) - 1}: {error.msg}")
      |from pyspark.serializers import CloudPickleSerializer
      |from pyspark.sql.types import _parse_datatype_json_string
      |kind = _parse_datatype_json_string(given['returns'])
      |made = CloudPickleSerializer().dumps((names[given['name']], kind))
      |print("%d.%d" % sys.version_info[:2], base64.b64encode(made).decode())
      |""".stripMargin

  /** A call of a function. */
  def call(
      session: SparkSession,
      record: FunctionRecord,
      parameters: StructType,
      arguments: Seq[Expression],
      returns: DataType): Expression = {
    val python = interpreter(session)
    val made = compile(python, record.name, parameters.fieldNames.toSeq, record.definition, returns)
    Internals.pythonCall(
      record.name, made.bytes, python, made.version, returns, arguments, record.isDeterministic)
  }

  /**
   * Checks the text of a function.
   *
   * @throws RestFailure when it is no Python
   */
  def check(
      session: SparkSession,
      name: String,
      parameters: Seq[String],
      body: String,
      returns: DataType): Unit =
    compile(interpreter(session), name, parameters, body, returns)

  private def interpreter(session: SparkSession): String =
    session.sparkContext.getConf.get(
      "spark.pyspark.python", sys.env.getOrElse("PYSPARK_PYTHON", "python3"))

  private def compile(
      python: String,
      name: String,
      parameters: Seq[String],
      body: String,
      returns: DataType): Compiled = {
    val given = RestClient.body().put("name", name).put("body", body).put("returns", returns.json)
    val names = given.putArray("parameters")
    parameters.foreach(names.add)
    compiled.computeIfAbsent(given.toString, text => run(python, name, text))
  }

  private def run(python: String, name: String, given: String): Compiled = {
    val process = new ProcessBuilder(python, "-c", Program).start()
    val input = process.getOutputStream
    try input.write(given.getBytes(UTF_8))
    finally input.close()
    val answer = Source.fromInputStream(process.getInputStream, "UTF-8").mkString
    val reason = Source.fromInputStream(process.getErrorStream, "UTF-8").mkString.trim
    if (process.waitFor() != 0) {
      throw new RestFailure(
        400, "INVALID_PARAMETER_VALUE",
        s"The body of the function $name is not valid Python: " +
          reason.linesIterator.toSeq.lastOption.getOrElse("no reason was given"))
    }
    val Array(version, bytes) = answer.trim.split(' ')
    Compiled(version, Base64.getDecoder.decode(bytes))
  }
}
