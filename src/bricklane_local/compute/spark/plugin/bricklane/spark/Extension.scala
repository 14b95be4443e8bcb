package bricklane.spark

import bricklane.spark.ingestion.{HiddenColumns, ReadFiles}
import org.apache.spark.sql.SparkSessionExtensions

/**
 * What a session needs to work on Unity Catalog as it would on Databricks.
 *
 * To be named after Delta's extension in `spark.sql.extensions`: parsers wrap each other in that
 * order, and ours has to be the outermost.
 */
final class Extension extends (SparkSessionExtensions => Unit) {
  override def apply(extensions: SparkSessionExtensions): Unit = {
    extensions.injectParser((_, delegate) => new StatementParser(delegate))
    // Spark runs these before it resolves names. Its later phases fix a name's catalog, and
    // refuse views of catalogs other than its own, before a rule of an extension is asked.
    extensions.injectHintResolutionRule(session => CatalogRegistration(Sessions.classic(session)))
    extensions.injectHintResolutionRule(session => ViewStatements(Sessions.classic(session)))
    extensions.injectHintResolutionRule(session => TableRules(Sessions.classic(session)))
    extensions.injectHintResolutionRule(_ => FunctionRefusals)
    extensions.injectHintResolutionRule(session => ReadFiles(Sessions.classic(session)))
    extensions.injectHintResolutionRule(session => EventLogs(Sessions.classic(session)))
    extensions.injectHintResolutionRule(_ => HiddenColumns)
    extensions.injectHintResolutionRule(session => FunctionRules(Sessions.classic(session)))
    extensions.injectHintResolutionRule(_ => JsonPaths)
    extensions.injectResolutionRule(_ => ResolvedJsonPaths)
    extensions.injectPostHocResolutionRule(session => CallerName(Sessions.classic(session)))
    extensions.injectCheckRule(session => WriteCheck(Sessions.classic(session)))
    extensions.injectPlanNormalizationRule(session => SchedulerPool(Sessions.classic(session)))
    extensions.injectPlanNormalizationRule(session => ViewReads(Sessions.classic(session)))
  }
}
