package bricklane.spark

import io.unitycatalog.bricklane.TableStore
import org.apache.spark.sql.SparkSession
import org.apache.spark.sql.classic.{SparkSession => ClassicSession}
import org.apache.spark.sql.connector.catalog.{CatalogPlugin, Identifier}

/** What rules and commands ask a session for. */
object Sessions {

  /** The session as the JVM runs it; the type that extensions get also covers remote clients. */
  def classic(session: SparkSession): ClassicSession = session match {
    case here: ClassicSession => here
    case other => throw new IllegalStateException(s"not a session of this JVM: ${other.getClass}")
  }

  /**
   * Returns the catalog of ours that a name belongs to and the rest of the name, or None when
   * the name belongs to another kind of catalog, as temporary views do.
   */
  def ours(session: ClassicSession, parts: Seq[String]): Option[(UnityCatalog, Identifier)] = {
    val manager = session.sessionState.catalogManager
    val (catalog, rest): (CatalogPlugin, Seq[String]) = parts match {
      case Seq(name) => (manager.currentCatalog, manager.currentNamespace.toSeq :+ name)
      case head +: tail if manager.isCatalogRegistered(head) => (manager.catalog(head), tail)
      case _ => (manager.currentCatalog, parts)
    }
    catalog match {
      case unity: UnityCatalog => Some((unity, Identifier.of(rest.init.toArray, rest.last)))
      case _ => None
    }
  }

  /** Returns the store of a catalog of ours that a rule found before. */
  def store(session: ClassicSession, catalog: String): TableStore =
    session.sessionState.catalogManager.catalog(catalog) match {
      case unity: UnityCatalog => unity.store
      case other => throw new IllegalStateException(s"not a Unity Catalog: ${other.name}")
    }

  /** Returns the client of the session's workspace. */
  def rest(session: ClassicSession): RestClient = new RestClient(() => Caller.of(session))
}
