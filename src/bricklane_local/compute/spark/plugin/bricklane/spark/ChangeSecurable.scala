package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `COMMENT ON VOLUME`.
 *
 * @param securable what gets the comment
 * @param comment "" takes it away
 */
final case class ChangeComment(securable: SecurableName, comment: String)
    extends LeafRunnableCommand {
  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val body = RestClient.body().put("comment", comment)
    Sessions.rest(session).patch(securable.path(session), body)
    Nil
  }
}

/**
 * `ALTER { CATALOG | SCHEMA } … PREDICTIVE OPTIMIZATION`: the catalog keeps it, as its API does.
 *
 * https://docs.databricks.com/optimizations/predictive-optimization.html
 *
 * @param securable a catalog or schema
 * @param value ENABLE, DISABLE or INHERIT
 */
final case class ChangeOptimization(securable: SecurableName, value: String)
    extends LeafRunnableCommand {
  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val body = RestClient.body().put("enable_predictive_optimization", value)
    Sessions.rest(session).patch(securable.path(session), body)
    Nil
  }
}

/**
 * `ALTER … { SET | UNSET } TAGS`.
 *
 * https://docs.databricks.com/database-objects/tags.html
 *
 * @param securable what has the tags
 * @param column the column of it that has them
 * @param changes values by key; None takes a tag away
 */
final case class ChangeTags(
    securable: SecurableName,
    column: Option[String],
    changes: Seq[(String, Option[String])])
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val rest = Sessions.rest(session)
    val entity = if (column.isDefined) "columns" else s"${securable.kind}s"
    val name = (securable.parts(session) ++ column).mkString(".")
    val tags = s"/entity-tag-assignments/$entity/${RestClient.segment(name)}/tags"
    changes.foreach {
      case (key, None) => rest.delete(s"$tags/${RestClient.segment(key)}")
      case (key, Some(value)) =>
        val body = RestClient.body()
          .put("entity_type", entity).put("entity_name", name)
          .put("tag_key", key).put("tag_value", value)
        if (rest.find(s"$tags/${RestClient.segment(key)}").isEmpty)
          rest.post("/entity-tag-assignments", body)
        else rest.patch(s"$tags/${RestClient.segment(key)}", body, "update_mask" -> "tag_value")
    }
    Nil
  }
}
