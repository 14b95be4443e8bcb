package bricklane.spark

/** Storage locations as the catalog stores them. */
object Locations {

  /**
   * Returns a location with a scheme.
   *
   * A bare path of the catalog is a folder of this machine, while Spark reads a bare path as one
   * of its default file system, which is DBFS here as it is on Databricks.
   */
  def withScheme(location: String): String =
    if (location.startsWith("/")) s"file:$location" else location
}
