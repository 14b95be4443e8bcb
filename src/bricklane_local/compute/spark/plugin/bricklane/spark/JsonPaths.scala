package bricklane.spark

import org.apache.spark.sql.catalyst.analysis.UnresolvedException
import org.apache.spark.sql.catalyst.expressions.{
  Expression, GetJsonObject, Literal, SemiStructuredExtract, UnaryExpression, Unevaluable
}
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.types.{DataType, StringType}

/**
 * `column:path`, before it is known whether the column is a VARIANT or a text with JSON. Spark has
 * it for VARIANT alone and refuses a text at once, so it is kept from Spark until then.
 *
 * https://docs.databricks.com/sql/language-manual/operators/colonsign
 *
 * @param child the column
 * @param path what follows the colon, after a `$` for the column
 */
final case class JsonPath(child: Expression, path: String)
    extends UnaryExpression with Unevaluable {
  override lazy val resolved: Boolean = false
  override def dataType: DataType = throw new UnresolvedException("dataType")
  override protected def withNewChildInternal(newChild: Expression): JsonPath =
    copy(child = newChild)
}

/** Takes `column:path` away from Spark. */
object JsonPaths extends Rule[LogicalPlan] {
  override def apply(plan: LogicalPlan): LogicalPlan =
    plan.transformAllExpressionsWithSubqueries {
      case SemiStructuredExtract(child, path) => JsonPath(child, path)
    }
}

/** Says what `column:path` is, once the type of the column is known. */
object ResolvedJsonPaths extends Rule[LogicalPlan] {
  override def apply(plan: LogicalPlan): LogicalPlan =
    plan.transformAllExpressionsWithSubqueries {
      case JsonPath(child, path) if child.resolved =>
        child.dataType match {
          case _: StringType => GetJsonObject(child, Literal(path))
          case _ => SemiStructuredExtract(child, path)
        }
    }
}
