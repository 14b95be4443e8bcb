package bricklane.spark

import org.apache.spark.sql.SparkSession

/**
 * Where the catalog of a session is, and as whom the session calls it.
 *
 * @param host address of the workspace, such as `http://127.0.0.1:8701`
 * @param token bearer token of the principal that the session acts for
 */
final case class Caller(host: String, token: String) {
  // A case class prints its fields; this one would print a token into logs.
  override def toString: String = s"Caller($host)"
}

object Caller {
  val HostKey = "spark.bricklane.host"
  val TokenKey = "spark.bricklane.token"

  /**
   * Reads the caller from the settings of a session.
   *
   * The settings are read at every call: a client sets them after the session was made, and a
   * token can be renewed while the session lives. They are read from the session and not from
   * `SQLConf.get`, which inside of a view holds the view's settings only.
   *
   * @throws SessionIdentityMissing when one of the settings is absent
   * @throws RestFailure with status 403 when the address is not that of the session's workspace
   */
  def of(session: SparkSession): Caller = {
    val found = Caller(required(session, HostKey).stripSuffix("/"), required(session, TokenKey))
    Workspaces.requireHost(found.host, session.conf.getOption(PathMapping.WorkspaceKey))
    found
  }

  /** Whether the session says who it is; sessions of Spark's own housekeeping do not. */
  def isKnown(session: SparkSession): Boolean =
    session.conf.getOption(HostKey).isDefined && session.conf.getOption(TokenKey).isDefined

  private def required(session: SparkSession, key: String): String =
    session.conf.getOption(key).filter(_.nonEmpty).getOrElse(throw new SessionIdentityMissing(key))
}
