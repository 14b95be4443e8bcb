package bricklane.spark

import java.io.{BufferedReader, InputStreamReader, PrintStream}
import java.nio.file.Path
import java.util.concurrent.CountDownLatch

import scala.util.control.NonFatal

import org.apache.spark.scheduler.{SparkListener, SparkListenerApplicationEnd}
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.connect.bricklane.ConnectService

/**
 * The Spark process: serves Spark Connect until the process that started it goes away.
 *
 * It is told what to do and tells how far it is line by line, on standard input and output: it
 * says `ready <port>` once clients can connect, and answers `warm` with `warm` when it has run
 * first queries, or with `cold <reason>` when they failed, and `idle` with `idle <milliseconds>`
 * since the last use. The end of input means that nobody is left to serve, even when the parent
 * was killed, and ends the process.
 */
object Server {
  private val ready = new CountDownLatch(1)
  private val idleness = new Idleness

  /** @param arguments one: the file of settings */
  def main(arguments: Array[String]): Unit = {
    val out = System.out
    // Whatever else prints must not be taken for one of the lines.
    System.setOut(System.err)
    val input = new BufferedReader(new InputStreamReader(System.in))
    ProcessSettings.load(Path.of(arguments.head))
    val commands = new Thread(() => follow(input, out), "commands")
    commands.setDaemon(true)
    commands.start()
    val session = SparkSession.builder().getOrCreate()
    val ended = new CountDownLatch(1)
    session.sparkContext.addSparkListener(new SparkListener {
      override def onApplicationEnd(end: SparkListenerApplicationEnd): Unit = ended.countDown()
    })
    session.sparkContext.addSparkListener(idleness)
    val port = ConnectService.start(session.sparkContext)
    idleness.begin()
    out.println(s"ready $port")
    out.flush()
    ready.countDown()
    ended.await()
  }

  private def warmed(): String =
    try {
      WarmUp.run(SparkSession.active)
      idleness.begin()
      "warm"
    } catch {
      case NonFatal(error) =>
        error.printStackTrace()
        s"cold ${error.toString.linesIterator.next()}"
    }

  /** Apart from the thread that notices that the server has gone: it can take half a minute. */
  private def archive(): Unit = {
    val writing = new Thread(() => ClassArchive.write(), "class archive")
    writing.setDaemon(true)
    writing.start()
  }

  private def follow(input: BufferedReader, out: PrintStream): Unit = {
    Iterator.continually(input.readLine()).takeWhile(_ != null).foreach {
      case "warm" =>
        ready.await()
        out.println(warmed())
        out.flush()
        archive()
      case "idle" =>
        ready.await()
        out.println(s"idle ${idleness.milliseconds}")
        out.flush()
      case other => System.err.println(s"unknown command: $other")
    }
    // Shutdown hooks delete temporary folders; one that hangs must not keep the process.
    val limit = new Thread(() => {
      Thread.sleep(5000)
      Runtime.getRuntime.halt(1)
    })
    limit.setDaemon(true)
    limit.start()
    System.exit(0)
  }
}
