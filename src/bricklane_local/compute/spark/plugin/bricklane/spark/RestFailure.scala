package bricklane.spark

import org.apache.spark.sql.AnalysisException

/**
 * An answer of the REST API other than success.
 *
 * It is an AnalysisException so that clients show its message instead of a stack trace.
 *
 * @param status HTTP status
 * @param code `error_code` of the answer, such as `PERMISSION_DENIED`
 * @param text `message` of the answer
 */
final class RestFailure(val status: Int, val code: String, val text: String)
    extends AnalysisException(message = s"[$code] $text", errorClass = None) {

  /** Whether the thing named in the request does not exist. */
  def isMissing: Boolean = status == 404 && code.endsWith("_DOES_NOT_EXIST")

  /** Whether the catalog or schema does not exist that holds what the request names. */
  def isMissingContainer: Boolean =
    isMissing && Set("CATALOG_DOES_NOT_EXIST", "SCHEMA_DOES_NOT_EXIST")(code)

  /** Whether the thing to be made exists; Unity Catalog answers that with status 400. */
  def isPresent: Boolean = code.endsWith("_ALREADY_EXISTS")

  /** The SQLSTATE that Databricks gives the same error, for clients which look at it. */
  override def getSqlState: String = status match {
    case 401 => "28000"
    case 403 => "42501"
    case _ => null
  }
}
