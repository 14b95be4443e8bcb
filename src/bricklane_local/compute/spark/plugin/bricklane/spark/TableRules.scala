package bricklane.spark

import org.apache.spark.sql.catalyst.TableIdentifier
import org.apache.spark.sql.catalyst.analysis.{
  UnresolvedIdentifier, UnresolvedTable, UnresolvedTableOrView
}
import org.apache.spark.sql.catalyst.expressions.{
  ForeignKeyConstraint, PrimaryKeyConstraint, TableConstraint
}
import org.apache.spark.sql.catalyst.plans.logical.{
  AddConstraint, CreateTable, DescribeRelation, DropConstraint, LogicalPlan, ReplaceTable, ShowCreateTable,
  TableSpecBase, UnresolvedTableSpec
}
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.execution.command.CreateTableLikeCommand

/** Replaces statements about tables that Spark or Delta do not carry out by commands of ours. */
final case class TableRules(session: SparkSession) extends Rule[LogicalPlan] {

  override def apply(plan: LogicalPlan): LogicalPlan =
    if (!Caller.isKnown(session)) plan else replaced(plan)

  private def replaced(plan: LogicalPlan): LogicalPlan = plan match {
    case describe @ DescribeRelation(UnresolvedTableOrView(parts, _, _), spec, true, _)
        if spec.isEmpty && !DescribeRefreshed.isRunning && isOurs(parts) =>
      DescribeRefreshed.of(session, parts, describe)
    case ShowCreateTable(UnresolvedTableOrView(parts, _, _), _, _) if isOurs(parts) =>
      ShowDefinition(parts)
    case like: CreateTableLikeCommand if isOurs(names(like.targetTable)) =>
      CreateLike(
        names(like.targetTable), names(like.sourceTable), like.provider,
        like.fileFormat.locationUri.map(_.toString), like.properties, like.ifNotExists)
    case AddConstraint(UnresolvedTable(parts, _, _), key) if isKey(key) && isOurs(parts) =>
      AddKey(table(parts), new Constraints(Seq(key)))
    case drop @ DropConstraint(UnresolvedTable(parts, _, _), name, _, cascade) if isOurs(parts) =>
      DropNamed(table(parts), name, cascade, drop)
    case create @ CreateTable(UnresolvedIdentifier(parts, _), _, _, With(spec, keys), ignore)
        if isOurs(parts) =>
      CreateWithKeys(create.copy(tableSpec = spec), table(parts), new Constraints(keys), ignore)
    case replace @ ReplaceTable(UnresolvedIdentifier(parts, _), _, _, With(spec, keys), _)
        if isOurs(parts) =>
      CreateWithKeys(replace.copy(tableSpec = spec), table(parts), new Constraints(keys), ifNotExists = false)
    case other => other
  }

  /** Matches a table's description with constraints: the one without, and the constraints. */
  private object With {
    def unapply(spec: TableSpecBase): Option[(TableSpecBase, Seq[TableConstraint])] = spec match {
      case spec: UnresolvedTableSpec if spec.constraints.nonEmpty =>
        Some((spec.copy(constraints = Nil), spec.constraints))
      case _ => None
    }
  }

  private def isKey(constraint: TableConstraint): Boolean = constraint match {
    case _: PrimaryKeyConstraint | _: ForeignKeyConstraint => true
    case _ => false
  }

  private def names(table: TableIdentifier): Seq[String] =
    table.catalog.toSeq ++ table.database ++ Seq(table.table)

  private def table(parts: Seq[String]): SecurableName =
    SecurableName("table", StatementName(Right(parts)))

  private def isOurs(parts: Seq[String]): Boolean = {
    Catalogs.refreshFor(session, parts)
    !session.sessionState.catalog.isTempView(parts) && Sessions.ours(session, parts).isDefined
  }
}
