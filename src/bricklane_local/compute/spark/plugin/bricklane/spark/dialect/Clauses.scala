package bricklane.spark.dialect

import bricklane.spark.StatementPattern.{statement, Text}

/**
 * `COMMENT ON COLUMN table.column IS 'text'`.
 *
 * https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-comment
 */
object CommentOnColumn extends Rewrite("column") {
  private val Part = "(?:`(?:[^`]|``)+`|\\w+)"
  private val Form = statement(s"COMMENT ON COLUMN ($Part(?:\\.$Part)*)\\.($Part) IS (NULL|$Text)")

  override protected def rewritten(words: Words): Option[String] = words.text match {
    case Form(table, column, text, _, _) =>
      val comment = if (text.equalsIgnoreCase("NULL")) "''" else text
      Some(s"ALTER TABLE $table ALTER COLUMN $column COMMENT $comment")
    case _ => None
  }
}

/**
 * `CLUSTER BY AUTO` of a new table: the table has no clustering columns until some are chosen for
 * it, which is a service of the platform; the property by which the platform notes it is kept.
 *
 * https://docs.databricks.com/delta/clustering.html#automatic-liquid-clustering
 */
object ClusterByAuto extends Rewrite("auto") {
  private val Property = "'clusterByAuto' = 'true'"

  override protected def rewritten(words: Words): Option[String] =
    if (words.upper(0) == "ALTER") None
    else find(words).map { at =>
      val without =
        words.text.substring(0, words.from(at)) + words.text.substring(words.to(at + 2))
      val rest = new Words(without)
      (0 until rest.size).find(rest.upper(_) == "TBLPROPERTIES") match {
        case Some(properties) if rest(properties + 1) == "(" =>
          val place = rest.to(properties + 1)
          without.substring(0, place) + s"$Property, " + without.substring(place)
        case _ =>
          words.text.substring(0, words.from(at)) + s"TBLPROPERTIES ($Property)" +
            words.text.substring(words.to(at + 2))
      }
    }

  /** Where `CLUSTER BY AUTO` begins in a statement. */
  def find(words: Words): Option[Int] = (0 until words.size).find { at =>
    words.depths(at) == 0 && words.upper(at) == "CLUSTER" && words.upper(at + 1) == "BY" &&
      words.upper(at + 2) == "AUTO"
  }
}

/** `ALTER TABLE table CLUSTER BY AUTO`. */
object ClusterByAutoLater extends Rewrite("auto") {
  override protected def rewritten(words: Words): Option[String] =
    if (words.upper(0) != "ALTER") None
    else ClusterByAuto.find(words).map { at =>
      words.text.substring(0, words.from(at)) + "SET TBLPROPERTIES ('clusterByAuto' = 'true')"
    }
}

/** `REFERENCES parent` without columns, which means those of the parent's primary key. */
object References extends Rewrite("references") {

  /** Stands for the columns of the primary key. */
  val PrimaryKey = "__primary_key"

  override protected def rewritten(words: Words): Option[String] =
    if (!Set("CREATE", "ALTER", "REPLACE")(words.upper(0))) None
    else (1 until words.size).iterator
      .filter(at => words.upper(at) == "REFERENCES" && words.depths(at) < 2)
      .map { at =>
        Iterator.iterate(at + 1)(_ + 2).find(last => words(last + 1) != ".").getOrElse(at + 1)
      }
      .find(last => words(last + 1) != "(")
      .map { last =>
        words.text.substring(0, words.to(last)) + s" (`$PrimaryKey`)" +
          words.text.substring(words.to(last))
      }
}

/** `STREAM read_files(…)`: Spark's grammar has STREAM before the name of a table alone. */
object StreamOfFiles extends Rewrite("read_files") {

  /** The function that reads a stream. */
  val Name = "__stream_read_files"

  override protected def rewritten(words: Words): Option[String] =
    (0 until words.size).find { at =>
      words.upper(at) == "STREAM" && words.upper(at + 1) == "READ_FILES" && words(at + 2) == "("
    }.map { at =>
      words.text.substring(0, words.from(at)) + Name + words.text.substring(words.to(at + 1))
    }
}
