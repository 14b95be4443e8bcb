package bricklane.spark

import com.fasterxml.jackson.databind.node.ObjectNode
import org.apache.spark.sql.connector.catalog.{TableCatalog, TableChange}

/** Changes of views and of tables that are not Delta, as a request of the Tables API. */
object TableAlteration {

  /**
   * Returns the body of the request which makes the changes.
   *
   * @throws RestFailure for a change that only a Delta table allows
   */
  def body(record: TableRecord, changes: Seq[TableChange]): ObjectNode = {
    val body = RestClient.body()
    val properties = changes.foldLeft(record.properties) {
      case (before, set: TableChange.SetProperty) if set.property == TableCatalog.PROP_COMMENT =>
        body.put("comment", set.value)
        before
      case (before, set: TableChange.SetProperty) => before + (set.property -> set.value)
      case (before, remove: TableChange.RemoveProperty) => before - remove.property
      case (_, other) =>
        val kind = if (record.isView) "view" else s"${record.format} table"
        throw new RestFailure(
          400, "INVALID_PARAMETER_VALUE",
          s"${other.getClass.getSimpleName} is not possible on the $kind " +
            s"${record.catalogName}.${record.schemaName}.${record.name}; Delta tables allow it")
    }
    val stored = body.putObject("properties")
    properties.toSeq.sorted.foreach { case (key, value) => stored.put(key, value) }
    body
  }
}
