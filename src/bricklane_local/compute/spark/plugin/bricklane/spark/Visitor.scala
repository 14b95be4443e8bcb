package bricklane.spark

import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.TimeUnit.SECONDS

/**
 * A client that came with the token of a workspace.
 *
 * @param caller the workspace's address, and the token
 * @param workspace its name
 * @param user name of the principal that the token stands for
 * @param catalog default catalog of the workspace
 */
final case class Visitor(caller: Caller, workspace: String, user: String, catalog: Option[String]) {

  /** Whether another visitor is the same principal in the same workspace; tokens are renewed. */
  def isSameAs(other: Visitor): Boolean = user == other.user && workspace == other.workspace

  /** Whether a caller is this principal in this workspace. */
  def is(other: Caller): Boolean =
    other.host == caller.host && new RestClient(() => other).userName() == user
}

object Visitor {
  // Every message of a client comes with its token.
  private val Lifetime = SECONDS.toNanos(5)
  private val Limit = 1000
  private val known = new ConcurrentHashMap[(String, String), (Visitor, Long)]()

  /**
   * Returns whom a token stands for, and where.
   *
   * @param token as the client sent it
   * @param cluster id of the cluster that the client names, or empty
   * @throws RestFailure when no workspace accepts the token, or more than one does, or the cluster
   *   is not there for its principal
   */
  def of(token: String, cluster: String): Visitor = {
    val found = known.get((token, cluster))
    if (found != null && found._2 - System.nanoTime() > 0) found._1
    else {
      val visitor = asked(token, cluster)
      if (known.size > Limit) known.clear()
      known.put((token, cluster), (visitor, System.nanoTime() + Lifetime))
      visitor
    }
  }

  private def asked(token: String, cluster: String): Visitor = {
    if (token.isEmpty) throw refused("No token was sent: sc://HOST:PORT/;token=TOKEN")
    val accepted = Workspaces.hosts.toSeq.flatMap { case (name, host) => member(name, host, token) }
    val there = accepted.filter { case (caller, _, _) =>
      cluster.isEmpty || new RestClient(() => caller).hasCluster(cluster)
    }
    there match {
      case Seq((caller, name, user)) =>
        val rest = new RestClient(() => caller)
        val assigned = rest.get("/current-metastore-assignment")
        val catalog = assigned.path("default_catalog_name").asText("")
        Visitor(caller, name, user, Option(catalog).filter(_.nonEmpty))
      case Seq() if accepted.isEmpty =>
        throw refused("Invalid token: no workspace of this cloud accepts it")
      case Seq() => throw refused(s"The cluster $cluster does not exist, or not for this token")
      case several =>
        val names = several.map(_._2).sorted.mkString(", ")
        throw refused(
          s"The token is accepted by several workspaces ($names): name a cluster of one of them " +
            "as x-databricks-cluster-id, or use a personal token")
    }
  }

  private def member(name: String, host: String, token: String): Option[(Caller, String, String)] = {
    val caller = Caller(host, token)
    try Some((caller, name, new RestClient(() => caller).userName()))
    catch { case failure: RestFailure if Set(401, 403)(failure.status) => None }
  }

  private def refused(text: String): RestFailure = new RestFailure(401, "UNAUTHENTICATED", text)
}
