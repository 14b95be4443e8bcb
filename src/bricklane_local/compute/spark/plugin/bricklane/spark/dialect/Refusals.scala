package bricklane.spark.dialect

import bricklane.spark.StatementPattern.beginning
import org.apache.spark.sql.AnalysisException

/**
 * A statement or function of Databricks SQL that this cloud does not have.
 *
 * @param what its name
 * @param next why, and what to do instead
 */
final class Refusal(what: String, next: String)
    extends AnalysisException(
      message = s"[UNSUPPORTED_FEATURE] $what is not supported by the local cloud: $next",
      errorClass = None) {
  override def getSqlState: String = "0A000"
}

/** Statements and functions that are refused by their names. */
object Refusals {
  private val Pipelines =
    "outside of a pipeline nothing keeps its rows up to date. Declare it in the source code of a " +
      "pipeline, or use CREATE VIEW or CREATE TABLE AS SELECT."

  private val Statements = Seq(
    ("UNDROP (?:TABLE|SCHEMA|CATALOG|VOLUME)", "UNDROP",
      "the data of a dropped table is deleted at once. Take a DEEP CLONE before dropping it."),
    ("SHOW TABLES DROPPED", "SHOW TABLES DROPPED",
      "the data of a dropped table is deleted at once, so there is nothing to list."),
    // Without OR REPLACE they are statements of pipelines, and Spark itself refuses them elsewhere.
    ("CREATE OR REPLACE MATERIALIZED VIEW", "CREATE OR REPLACE MATERIALIZED VIEW", Pipelines),
    ("CREATE OR REPLACE STREAMING TABLE", "CREATE OR REPLACE STREAMING TABLE", Pipelines),
    ("REFRESH (?:MATERIALIZED VIEW|STREAMING TABLE)", "REFRESH",
      "update the pipeline that the table or view belongs to."),
    ("CREATE (?:FOREIGN CATALOG|CONNECTION|SERVER)", "CREATE CONNECTION and FOREIGN CATALOG",
      "the other system is not reachable through this cloud. Read it with spark.read.format."),
    ("CREATE (?:SHARE|RECIPIENT|PROVIDER)", "Delta Sharing",
      "there is nobody to share with."),
    ("CREATE (?:OR REPLACE )?(?:BLOOMFILTER INDEX|BLOOMFILTER)", "CREATE BLOOMFILTER INDEX",
      "open-source Delta has no Bloom filters. Use CLUSTER BY or ZORDER BY."),
    ("ALTER TABLE .+ (?:SET|DROP) ROW FILTER", "ROW FILTER",
      "rows are not filtered by policies here. Use a view that filters by current_user()."),
    ("ALTER TABLE .+ ALTER COLUMN .+ (?:SET|DROP) MASK", "Column masks",
      "columns are not masked by policies here. Use a view that masks by current_user()."),
    ("CREATE (?:OR REPLACE )?PROCEDURE", "CREATE PROCEDURE",
      "keep the SQL script (BEGIN … END) in a file or notebook and run that."),
    ("ALTER TABLE .+ (?:ENABLE|DISABLE|INHERIT) PREDICTIVE OPTIMIZATION",
      "PREDICTIVE OPTIMIZATION of a table",
      "nothing optimizes tables by itself here. Run OPTIMIZE and VACUUM.")
  ).map { case (form, what, next) => (beginning(form), what, next) }

  private val Model = "no model is served here. Call the model from Python, or guard the " +
    "statement so that it runs on the platform only."

  private val Functions = Seq(
    "ai_analyze_sentiment", "ai_classify", "ai_extract", "ai_fix_grammar", "ai_forecast", "ai_gen",
    "ai_generate_text", "ai_mask", "ai_parse_document", "ai_query", "ai_similarity", "ai_summarize",
    "ai_translate", "vector_search").map(_ -> Model).toMap ++ Map(
    "http_request" -> "it sends through a connection, and connections lead nowhere here.",
    "remote_query" -> "it reads through a connection, and connections lead nowhere here.",
    "read_kafka" -> "use spark.readStream.format(\"kafka\").",
    "read_kinesis" -> "there is no Kinesis client here.",
    "read_pubsub" -> "there is no Pub/Sub client here.",
    "read_pulsar" -> "there is no Pulsar client here.",
    "secret" -> "secrets are read in Python, with dbutils.secrets.get.",
    "try_secret" -> "secrets are read in Python, with dbutils.secrets.get.")

  /** Refuses a statement that is not supported. */
  def check(text: String): Unit =
    Statements.find { case (form, _, _) => form.matches(text) }.foreach { case (_, what, next) =>
      throw new Refusal(what, next)
    }

  /** Refuses a function that is not supported. */
  def checkFunction(name: String): Unit =
    Functions.get(name.toLowerCase(java.util.Locale.ROOT)).foreach { next =>
      throw new Refusal(s"The function $name", next)
    }
}
