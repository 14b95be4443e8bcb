package bricklane.spark

import org.apache.spark.sql.{Row, SparkSession}
import org.apache.spark.sql.execution.command.LeafRunnableCommand

/**
 * `COMMENT ON CATALOG`.
 *
 * @param name the catalog
 * @param comment the new comment; empty to remove it
 */
final case class CommentOnCatalog(name: StatementName, comment: String)
    extends LeafRunnableCommand {

  override def run(api: SparkSession): Seq[Row] = {
    val session = Sessions.classic(api)
    val path = "/catalogs/" + RestClient.segment(name.single(session))
    Sessions.rest(session).patch(path, RestClient.body().put("comment", comment))
    Nil
  }
}
