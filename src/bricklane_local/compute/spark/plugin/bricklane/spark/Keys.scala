package bricklane.spark

import scala.jdk.CollectionConverters._

import bricklane.spark.dialect.References
import com.fasterxml.jackson.databind.JsonNode
import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.catalyst.expressions.{
  CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, TableConstraint
}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.catalyst.util.quoteIfNeeded
import org.apache.spark.sql.classic.{SparkSession => ClassicSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * Primary and foreign keys, which are informational: the catalog keeps them, nothing enforces them.
 *
 * https://docs.databricks.com/api/workspace/tableconstraints
 */
object Keys {

  /** Adds a constraint to a table; a check is Delta's, and enforced. */
  def add(session: ClassicSession, table: SecurableName, constraint: TableConstraint): Unit = {
    val names = table.parts(session)
    val body = RestClient.body().put("full_name_arg", names.mkString("."))
    constraint match {
      case key: PrimaryKeyConstraint =>
        val made = body.putObject("constraint").putObject("primary_key_constraint")
        made.put("name", named(key, s"${names.last}_pk"))
        val columns = made.putArray("child_columns")
        key.columns.foreach(columns.add)
      case key: ForeignKeyConstraint =>
        val parent = SecurableName("table", StatementName(Right(key.parentTableId))).parts(session)
        val made = body.putObject("constraint").putObject("foreign_key_constraint")
        made.put("name", named(key, s"${names.last}_${parent.last}_fk"))
        made.put("parent_table", parent.mkString("."))
        val columns = made.putArray("child_columns")
        key.childColumns.foreach(columns.add)
        if (key.parentColumns != Seq(References.PrimaryKey)) {
          val parents = made.putArray("parent_columns")
          key.parentColumns.foreach(parents.add)
        }
      case check: CheckConstraint =>
        val table = names.map(quoteIfNeeded).mkString(".")
        val name = quoteIfNeeded(named(check, s"${names.last}_${check.condition.hashCode.toHexString}"))
        session.sql(s"ALTER TABLE $table ADD CONSTRAINT $name CHECK (${check.condition})")
        return
    }
    Sessions.rest(session).post("/constraints", body)
  }

  private def named(constraint: TableConstraint, otherwise: String): String =
    Option(constraint.userProvidedName).filter(_.nonEmpty).getOrElse(otherwise)

  /** The keys that the catalog keeps of a table: kind and description. */
  def of(record: JsonNode): Seq[(String, JsonNode)] =
    record.path("table_constraints").elements.asScala.toSeq.flatMap(_.fields.asScala)
      .map(field => field.getKey -> field.getValue)

  /** Takes a key away. */
  def drop(session: ClassicSession, table: Seq[String], name: String, cascade: Boolean): Unit =
    Sessions.rest(session).delete(
      s"/constraints/${RestClient.segment(table: _*)}",
      "constraint_name" -> name, "cascade" -> cascade.toString)

  /** The keys of a table by its name. */
  def stored(session: ClassicSession, table: Seq[String]): Seq[(String, JsonNode)] =
    of(Sessions.rest(session).get(s"/tables/${RestClient.segment(table: _*)}"))
}

/**
 * Constraints of a statement, hidden from Spark, which would resolve the columns that they name.
 *
 * @param all the constraints
 */
final class Constraints(val all: Seq[TableConstraint])

/**
 * `ALTER TABLE … ADD CONSTRAINT … { PRIMARY | FOREIGN } KEY`.
 *
 * @param table the table
 * @param keys one key
 */
final case class AddKey(table: SecurableName, keys: Constraints)
    extends LeafRunnableCommand {
  override def run(api: SparkSession): Seq[Row] = {
    keys.all.foreach(Keys.add(Sessions.classic(api), table, _))
    Nil
  }
}

/**
 * `CREATE TABLE` with constraints.
 *
 * @param create makes the table without them
 * @param table its name
 * @param keys what is added to it
 * @param ifNotExists whether a table that exists stays as it is
 */
final case class CreateWithKeys(
    create: LogicalPlan,
    table: SecurableName,
    keys: Constraints,
    ifNotExists: Boolean)
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val path = table.path(session)
    val there = Sessions.rest(session).find(path).isDefined
    if (!(there && ifNotExists)) {
      session.sessionState.executePlan(create).assertCommandExecuted()
      try keys.all.foreach(Keys.add(session, table, _))
      catch {
        // A table that the statement made does not stay without what the statement asked for.
        case failure: Throwable if !there =>
          Sessions.rest(session).delete(path)
          throw failure
      }
    }
    Nil
  }

  override def innerChildren: Seq[LogicalPlan] = Seq(create)
}

/**
 * `ALTER TABLE … DROP CONSTRAINT` of a name, which may be a key or a check.
 *
 * @param table the table
 * @param name of the constraint
 * @param cascade whether foreign keys go with the primary key that they refer to
 * @param otherwise drops a check of that name
 */
final case class DropNamed(
    table: SecurableName,
    name: String,
    cascade: Boolean,
    otherwise: LogicalPlan)
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val parts = table.parts(session)
    val names = Keys.stored(session, parts).map(_._2.path("name").asText)
    names.find(_.equalsIgnoreCase(name)) match {
      case Some(found) => Keys.drop(session, parts, found, cascade)
      case None => session.sessionState.executePlan(otherwise).assertCommandExecuted()
    }
    Nil
  }
}

/**
 * `ALTER TABLE … DROP { PRIMARY KEY | FOREIGN KEY (column, …) }`.
 *
 * @param table the table
 * @param primary whether it is the primary key
 * @param columns those of the foreign key
 * @param ifExists do nothing when there is none
 * @param cascade whether foreign keys go with the primary key that they refer to
 */
final case class DropKey(
    table: StatementName,
    primary: Boolean,
    columns: Seq[String],
    ifExists: Boolean,
    cascade: Boolean)
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val parts = SecurableName("table", table).parts(session)
    val kind = if (primary) "primary_key_constraint" else "foreign_key_constraint"
    val found = Keys.stored(session, parts).find { case (is, key) =>
      val of = key.path("child_columns").elements.asScala.map(_.asText.toLowerCase).toSeq
      is == kind && (primary || of == columns.map(_.toLowerCase))
    }
    found match {
      case Some((_, key)) => Keys.drop(session, parts, key.path("name").asText, cascade)
      case None if ifExists =>
      case None =>
        val what = if (primary) "primary key" else columns.mkString("foreign key (", ", ", ")")
        throw new RestFailure(
          404, "CONSTRAINT_DOES_NOT_EXIST", s"${parts.mkString(".")} has no $what")
    }
    Nil
  }
}
