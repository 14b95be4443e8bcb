package bricklane.spark

import java.nio.file.{Files, Path}
import java.util.Properties

import scala.jdk.CollectionConverters._

/** Settings that a process of Spark is started with. */
object ProcessSettings {

  /** Makes the settings of a property file those of this process, where Spark looks for them. */
  def load(file: Path): Unit = {
    val properties = new Properties()
    val reader = Files.newBufferedReader(file)
    try properties.load(reader)
    finally reader.close()
    properties.asScala.foreach { case (key, value) => System.setProperty(key, value) }
  }

  /** Loads a property file that holds the token of a run, and removes it. */
  def take(file: Path): Unit = {
    load(file)
    Files.delete(file)
  }
}
