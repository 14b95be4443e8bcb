package bricklane.spark

import java.util.Locale

import org.apache.spark.sql.classic.SparkSession

/** The catalogs of the metastore and the session's knowledge of them. */
object Catalogs {
  private val Setting = "spark.sql.catalog."

  /** Names of the catalogs which the caller may see, sorted. */
  def names(session: SparkSession): Seq[String] =
    Sessions.rest(session).list("/catalogs", "catalogs").map(_.path("name").asText).sorted

  /**
   * Makes every catalog that the caller may see known to the session.
   *
   * @param written names as they stand in a statement; letters may be of either case in them
   */
  def refresh(session: SparkSession, written: Seq[String] = Nil): Unit = {
    val found = names(session) :+ Information.SystemCatalog
    found.foreach(register(session, _))
    written.filter(name => found.contains(normal(name))).foreach(register(session, _))
  }

  /** Makes the catalog known that a name of three parts begins with. */
  def refreshFor(session: SparkSession, parts: Seq[String]): Unit =
    if (parts.length > 2 && !session.sessionState.catalogManager.isCatalogRegistered(parts.head)) {
      refresh(session, Seq(parts.head))
    }

  /**
   * Says why a catalog is not known that a statement names, when that is because the caller may
   * not use it: a name which the caller may not see is no different from one that does not exist,
   * except to the message.
   *
   * @throws RestFailure with status 403
   */
  def explain(session: SparkSession, written: String): Unit =
    Sessions.rest(session).find("/catalogs/" + RestClient.segment(normal(written)))

  /** The form in which Unity Catalog stores names. */
  def normal(name: String): String = name.toLowerCase(Locale.ROOT)

  /** Makes one catalog known to the session. */
  def register(session: SparkSession, name: String): Unit = {
    val manager = session.sessionState.catalogManager
    if (!manager.isCatalogRegistered(name)) {
      session.conf.set(Setting + name, classOf[UnityCatalog].getName)
    }
  }

  /** Makes the session forget a catalog that was dropped. */
  def forget(session: SparkSession, name: String): Unit = session.conf.unset(Setting + name)
}
