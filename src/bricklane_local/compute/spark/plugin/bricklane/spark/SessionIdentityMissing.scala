package bricklane.spark

import org.apache.spark.sql.AnalysisException

/**
 * A catalog was used by a session that does not say where its workspace is or who it is.
 *
 * @param setting name of the setting that is absent
 */
final class SessionIdentityMissing(setting: String)
    extends AnalysisException(
      message = s"The session setting $setting is not set, so Unity Catalog cannot be called. " +
        "Set it when the session is made, as the runtime of jobs does.",
      errorClass = None)
