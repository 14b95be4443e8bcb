package bricklane.spark.ingestion

import org.apache.spark.sql.catalyst.plans.logical.{LogicalPlan, Project}
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.catalyst.util.METADATA_COL_ATTR_KEY
import org.apache.spark.sql.execution.streaming.runtime.StreamingRelation
import org.apache.spark.sql.types.{Metadata, MetadataBuilder}

/**
 * Keeps `_metadata` of ingested files out of `SELECT *` but within reach, as that of Spark's own
 * file sources is.
 */
object HiddenColumns extends Rule[LogicalPlan] {

  /** What marks a column as one to be hidden. */
  val Mark: Metadata = new MetadataBuilder().putString(METADATA_COL_ATTR_KEY, "_metadata").build()

  override def apply(plan: LogicalPlan): LogicalPlan = plan match {
    case hiding @ Project(_, _: StreamingRelation)
        if hiding.getTagValue(Project.hiddenOutputTag).isDefined => hiding
    case source: StreamingRelation if source.output.exists(isMarked) => hide(source)
    case other => other.mapChildren(apply)
  }

  /** Hides the marked columns of a plan. */
  def hide(plan: LogicalPlan): LogicalPlan = {
    val (marked, shown) = plan.output.partition(isMarked)
    val hiding = Project(shown, plan)
    hiding.setTagValue(Project.hiddenOutputTag, marked)
    hiding
  }

  private def isMarked(column: org.apache.spark.sql.catalyst.expressions.Attribute): Boolean =
    column.metadata.contains(METADATA_COL_ATTR_KEY)
}
