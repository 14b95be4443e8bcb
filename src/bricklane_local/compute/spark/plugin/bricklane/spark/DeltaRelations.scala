package bricklane.spark

import java.util.Optional

import io.delta.tables.DeltaTable
import org.apache.spark.connect.proto.{
  DataType => WireType, Expression => WireExpression, Relation => WireRelation
}
import org.apache.spark.sql.catalyst.analysis.UnresolvedRelation
import org.apache.spark.sql.catalyst.expressions.{Alias, Expression, Literal}
import org.apache.spark.sql.catalyst.plans.logical._
import org.apache.spark.sql.catalyst.util.quoteIfNeeded
import org.apache.spark.sql.connect.common.DataTypeProtoConverter
import org.apache.spark.sql.connect.planner.SparkConnectPlanner
import org.apache.spark.sql.connect.plugin.RelationPlugin
import org.apache.spark.sql.types.StructType

/**
 * The part of Delta's Python API (`delta.tables.DeltaTable`) that returns rows.
 *
 * Its client sends messages (`delta/connect/relations.proto` of Delta 4.4) for which Delta has a
 * server of its own. Here each becomes the plan of the SQL statement that does the same, so that
 * names, grants and errors are those of SQL.
 */
final class DeltaRelations extends RelationPlugin {

  override def transform(
      extension: Array[Byte],
      planner: SparkConnectPlanner): Optional[LogicalPlan] =
    WireMessage.unpack(extension, "delta.connect.DeltaRelation") match {
      case Some(relation) => Optional.of(new DeltaPlans(planner).plan(relation))
      case None => Optional.empty[LogicalPlan]
    }
}

/** @param planner understands Spark's own messages within Delta's */
private final class DeltaPlans(planner: SparkConnectPlanner) {
  private val session = planner.session

  def plan(relation: WireMessage): LogicalPlan = {
    val kind = relation.numbers.headOption.getOrElse(0)
    val body = relation.required(kind)
    kind match {
      case 1 => UnresolvedRelation(DeltaNames.parts(session, body.required(1)))
      case 2 => statement(s"DESCRIBE HISTORY ${table(body)}")
      case 3 => statement(s"DESCRIBE DETAIL ${table(body)}")
      case 4 => convert(body)
      case 5 =>
        statement(
          s"RESTORE TABLE ${table(body)} TO" + DeltaNames.moment(body.number(2), body.text(3)))
      case 6 => value(DeltaTable.isDeltaTable(session, body.text(1).getOrElse("")))
      case 7 => run(DeleteFromTable(target(body), condition(body, 2).getOrElse(Literal(true))))
      case 8 => run(UpdateTable(target(body), assignments(body, 3), condition(body, 2)))
      case 9 => run(merge(body))
      case 10 => optimize(body)
      case other =>
        throw new UnsupportedOperationException(
          s"relation $other of Delta's Python API is not known here; use SQL")
    }
  }

  private def table(body: WireMessage): String = DeltaNames.sql(session, body.required(1))

  private def statement(text: String): LogicalPlan =
    session.sql(text).queryExecution.commandExecuted

  // Run now and once: a plan may be analyzed again whenever its result is used.
  private def run(plan: LogicalPlan): LogicalPlan =
    session.withActive(session.sessionState.executePlan(plan).commandExecuted)

  private def value(of: Any): LogicalPlan =
    Project(Seq(Alias(Literal(of), "value")()), OneRowRelation())

  private def target(body: WireMessage): LogicalPlan = relation(body, 1)

  private def relation(body: WireMessage, number: Int): LogicalPlan =
    planner.transformRelation(WireRelation.parseFrom(body.bytes(number).get))

  private def condition(body: WireMessage, number: Int): Option[Expression] =
    body.bytes(number).map(bytes => planner.transformExpression(WireExpression.parseFrom(bytes)))

  private def assignments(body: WireMessage, number: Int): Seq[Assignment] =
    body.messages(number).map(one => Assignment(condition(one, 1).get, condition(one, 2).get))

  private def merge(body: WireMessage): LogicalPlan =
    MergeIntoTable(
      target(body),
      relation(body, 2),
      condition(body, 3).get,
      body.messages(4).map(action),
      body.messages(5).map(action),
      body.messages(6).map(action),
      body.flag(7))

  private def action(body: WireMessage): MergeAction = {
    val when = condition(body, 1)
    body.numbers.find(_ != 1) match {
      case Some(2) => DeleteAction(when)
      case Some(3) => UpdateAction(when, assignments(body.required(3), 1))
      case Some(4) => UpdateStarAction(when)
      case Some(5) => InsertAction(when, assignments(body.required(5), 1))
      case Some(6) => InsertStarAction(when)
      case other =>
        throw new UnsupportedOperationException(s"merge action $other is not known here; use SQL")
    }
  }

  private def optimize(body: WireMessage): LogicalPlan = {
    val filters = body.texts(2).map(filter => s"($filter)")
    val columns = body.texts(3).map(column => DeltaNames.parts(session, column))
    statement(
      s"OPTIMIZE ${table(body)}" +
        (if (filters.isEmpty) "" else filters.mkString(" WHERE ", " AND ", "")) +
        (if (columns.isEmpty) ""
        else columns.map(_.map(quoteIfNeeded).mkString(".")).mkString(" ZORDER BY (", ", ", ")")))
  }

  private def convert(body: WireMessage): LogicalPlan = {
    val name = body.text(1).getOrElse("")
    val partitions = body.text(2).orElse(body.bytes(3).map { bytes =>
      DataTypeProtoConverter.toCatalystType(WireType.parseFrom(bytes)) match {
        case struct: StructType => struct.toDDL
        case other => throw new IllegalArgumentException(s"not a schema of partitions: $other")
      }
    })
    statement(
      s"CONVERT TO DELTA $name" + partitions.fold("")(schema => s" PARTITIONED BY ($schema)"))
    DeltaNames.parts(session, name) match {
      case Seq(_, folder) if folder.contains("/") => value(s"delta.${quoteIfNeeded(folder)}")
      case _ => value(name)
    }
  }
}
