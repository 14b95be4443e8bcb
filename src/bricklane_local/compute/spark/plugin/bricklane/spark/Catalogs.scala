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
    val found = names(session)
    found.foreach(register(session, _))
    written.filter(name => found.contains(normal(name))).foreach(register(session, _))
  }

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
