package bricklane.spark

import org.apache.spark.sql.catalyst.analysis.{
  UnresolvedFunction, UnresolvedFunctionName, UnresolvedIdentifier, UnresolvedTableValuedFunction
}
import org.apache.spark.sql.catalyst.expressions.{Expression, Literal}
import org.apache.spark.sql.catalyst.plans.logical.{
  CreateUserDefinedFunction, DescribeFunction, DropFunction, LogicalPlan
}
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.classic.SparkSession

/** Puts user-defined functions of Unity Catalog into queries, and their statements in our hands. */
final case class FunctionRules(session: SparkSession) extends Rule[LogicalPlan] {

  override def apply(plan: LogicalPlan): LogicalPlan =
    if (!Caller.isKnown(session)) plan else statement(plan)

  private def statement(plan: LogicalPlan): LogicalPlan = plan match {
    case create: CreateUserDefinedFunction if isOurs(create.child) =>
      val UnresolvedIdentifier(parts, _) = create.child
      StoreFunction(
        parts,
        parameters = create.inputParamText.getOrElse(""),
        returns = create.returnTypeText,
        isTable = create.isTableFunc,
        body = create.exprText.orElse(create.queryText).getOrElse(""),
        language = "SQL",
        comment = create.comment,
        isDeterministic = create.isDeterministic,
        ifNotExists = create.ignoreIfExists,
        replace = create.replace)
    case DropFunction(UnresolvedFunctionName(parts, _, _, _, _), ifExists)
        if !Functions.isSparks(session, parts) && isUnity(parts) =>
      DropStoredFunction(parts, ifExists)
    case DescribeFunction(UnresolvedFunctionName(parts, _, _, _, _), extended)
        if !Functions.isSparks(session, parts) && isUnity(parts) =>
      DescribeStoredFunction(parts, extended)
    case query => calls(query)
  }

  private def calls(plan: LogicalPlan): LogicalPlan =
    plan.transformDownWithSubqueries {
      case function: UnresolvedTableValuedFunction if mayBeOurs(function.name) =>
        Functions.find(session, function.name, using = true)
          .fold[LogicalPlan](function)(Functions.table(session, _, function.functionArgs))
    }.transformAllExpressionsWithSubqueries {
      case PlatformFunction(value) => value
      case function: UnresolvedFunction if mayBeOurs(function.nameParts) =>
        Functions.find(session, function.nameParts, using = true)
          .fold[Expression](function)(Functions.call(session, _, function.arguments))
    }

  /** Matches a call of one of the functions that say who asks, and where. */
  private object PlatformFunction {
    def unapply(function: UnresolvedFunction): Option[Expression] =
      (function.nameParts.map(_.toLowerCase), function.arguments) match {
        case (Seq("current_metastore"), Nil) =>
          val assignment = Sessions.rest(session).get("/current-metastore-assignment")
          Some(Literal(s"local:local:${assignment.path("metastore_id").asText}"))
        case (Seq("is_member" | "is_account_group_member"), Seq(Literal(group, _))) =>
          Some(Literal(Sessions.rest(session).groups().contains(String.valueOf(group))))
        case _ => None
      }
  }

  private def mayBeOurs(parts: Seq[String]): Boolean =
    !Functions.isSparks(session, parts) && isUnity(parts)

  private def isOurs(child: LogicalPlan): Boolean = child match {
    case UnresolvedIdentifier(parts, _) => isUnity(parts)
    case _ => false
  }

  private def isUnity(parts: Seq[String]): Boolean = {
    Catalogs.refreshFor(session, parts)
    Functions.complete(session, parts).headOption.exists { name =>
      val manager = session.sessionState.catalogManager
      manager.isCatalogRegistered(name) && name != Information.SystemCatalog &&
        manager.catalog(name).isInstanceOf[UnityCatalog]
    }
  }
}
