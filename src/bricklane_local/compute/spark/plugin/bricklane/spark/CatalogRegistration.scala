package bricklane.spark

import org.apache.spark.sql.catalyst.analysis._
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.classic.SparkSession

/**
 * Makes the caller's catalogs known to the session before names are resolved.
 *
 * Spark knows a catalog by a setting of the session. Catalogs come and go while a session lives,
 * so a name that begins with none of the known ones makes this ask which there are.
 */
final case class CatalogRegistration(session: SparkSession) extends Rule[LogicalPlan] {

  override def apply(plan: LogicalPlan): LogicalPlan = {
    if (Caller.isKnown(session)) {
      val unknown = heads(plan).filterNot(isKnown)
      if (unknown.nonEmpty) Catalogs.refresh(session, unknown)
      // Only a name of three parts begins with a catalog for certain.
      plan.collectWithSubqueries(names).filter(_.length > 2).map(_.head).filterNot(isKnown)
        .foreach(Catalogs.explain(session, _))
    }
    plan
  }

  private def heads(plan: LogicalPlan): Seq[String] = {
    val default = session.sessionState.conf.getConfString("spark.sql.defaultCatalog", "")
    plan.collectWithSubqueries(names).filterNot(isTemporary).flatMap(_.headOption) ++
      Some(default).filter(_.nonEmpty)
  }

  private def isKnown(name: String): Boolean =
    session.sessionState.catalogManager.isCatalogRegistered(name)

  private def isTemporary(parts: Seq[String]): Boolean =
    session.sessionState.catalog.isTempView(parts)

  // A name of one part cannot name a catalog, except where a namespace is asked for.
  private val names: PartialFunction[LogicalPlan, Seq[String]] = {
    case UnresolvedRelation(parts, _, _) if parts.length > 1 => parts
    case UnresolvedIdentifier(parts, _) if parts.length > 1 => parts
    case UnresolvedTable(parts, _, _) if parts.length > 1 => parts
    case UnresolvedTableOrView(parts, _, _) if parts.length > 1 => parts
    case UnresolvedView(parts, _, _, _) if parts.length > 1 => parts
    case UnresolvedNamespace(parts, _) => parts
    // The name is known only once its expression is computed.
    case _: PlanWithUnresolvedIdentifier => Seq("")
  }
}
