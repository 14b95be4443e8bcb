package bricklane.spark

import java.nio.file.{Files, Path}

import scala.jdk.CollectionConverters._

import com.fasterxml.jackson.databind.ObjectMapper

/** The files by which the process of a program is told what to do. */
object ProgramFiles {

  /** Returns the texts of a JSON list. */
  def texts(file: Path): Array[String] =
    new ObjectMapper().readTree(Files.readString(file)).elements.asScala.map(_.asText).toArray
}
