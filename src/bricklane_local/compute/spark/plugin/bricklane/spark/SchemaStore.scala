package bricklane.spark

import java.util

import scala.jdk.CollectionConverters._

import org.apache.spark.sql.catalyst.analysis.{
  NamespaceAlreadyExistsException, NoSuchNamespaceException, NonEmptyNamespaceException
}
import org.apache.spark.sql.connector.catalog.{NamespaceChange, SupportsNamespaces}

/**
 * Schemas of one catalog, kept in Unity Catalog over REST.
 *
 * @param rest calls the API as the session's caller
 * @param catalog name of the catalog
 */
abstract class SchemaStore(protected val rest: RestClient, catalog: String)
    extends SupportsNamespaces {

  private val Comment = SupportsNamespaces.PROP_COMMENT
  private val Owner = SupportsNamespaces.PROP_OWNER
  private val Location = SupportsNamespaces.PROP_LOCATION

  /** The schema that is current after `USE CATALOG`, which every new catalog has. */
  override def defaultNamespace(): Array[String] =
    Array(if (catalog == Information.SystemCatalog) Information.Schema else "default")

  override def listNamespaces(): Array[Array[String]] = {
    val stored =
      if (catalog == Information.SystemCatalog) Nil
      else rest.list("/schemas", "schemas", "catalog_name" -> catalog).map(_.path("name").asText)
    (stored :+ Information.Schema).sorted.map(Array(_)).toArray
  }

  override def listNamespaces(namespace: Array[String]): Array[Array[String]] =
    if (namespace.isEmpty) listNamespaces()
    else {
      loadNamespaceMetadata(namespace)
      Array.empty // schemas do not nest
    }

  override def namespaceExists(namespace: Array[String]): Boolean =
    Information.isSchema(namespace) ||
      namespace.length == 1 && rest.find(path(namespace)).isDefined

  override def loadNamespaceMetadata(namespace: Array[String]): util.Map[String, String] =
    if (Information.isSchema(namespace)) new util.HashMap[String, String]()
    else metadata(namespace)

  private def metadata(namespace: Array[String]): util.Map[String, String] = {
    val schema = Option
      .when(namespace.length == 1)(rest.find(path(namespace)))
      .flatten
      .getOrElse(throw missing(namespace))
    val metadata = new util.HashMap[String, String]()
    schema.path("properties").fields.asScala.foreach(e => metadata.put(e.getKey, e.getValue.asText))
    val fields = Map("comment" -> Comment, "owner" -> Owner, "storage_root" -> Location)
    for ((field, key) <- fields if schema.hasNonNull(field)) {
      metadata.put(key, schema.path(field).asText)
    }
    metadata
  }

  override def createNamespace(
      namespace: Array[String],
      metadata: util.Map[String, String]): Unit = {
    val body = RestClient.body().put("name", schemaOf(namespace)).put("catalog_name", catalog)
    Option(metadata.get(Comment)).foreach(body.put("comment", _))
    Option(metadata.get(Location)).foreach(body.put("storage_root", _))
    val properties = body.putObject("properties")
    for ((key, value) <- metadata.asScala if !Set(Comment, Owner, Location)(key)) {
      properties.put(key, value)
    }
    try rest.post("/schemas", body)
    catch {
      case failure: RestFailure if failure.isPresent =>
        throw new NamespaceAlreadyExistsException((catalog +: namespace).toArray)
    }
  }

  override def alterNamespace(namespace: Array[String], changes: NamespaceChange*): Unit = {
    val properties = loadNamespaceMetadata(namespace)
    val body = RestClient.body()
    Seq(Comment, Owner, Location).foreach(properties.remove(_))
    changes.foreach {
      case set: NamespaceChange.SetProperty if set.property == Comment =>
        body.put("comment", set.value)
      case set: NamespaceChange.SetProperty if set.property == Owner => body.put("owner", set.value)
      case set: NamespaceChange.SetProperty => properties.put(set.property, set.value)
      case remove: NamespaceChange.RemoveProperty => properties.remove(remove.property)
    }
    val stored = body.putObject("properties")
    properties.asScala.foreach { case (key, value) => stored.put(key, value) }
    rest.patch(path(namespace), body)
  }

  override def dropNamespace(namespace: Array[String], cascade: Boolean): Boolean =
    try {
      rest.delete(path(namespace), "force" -> cascade.toString)
      true
    } catch {
      case failure: RestFailure if failure.isMissing => throw missing(namespace)
      case failure: RestFailure if !cascade && failure.code == "INVALID_STATE" =>
        throw NonEmptyNamespaceException(catalog +: namespace, failure.text, Some(failure))
    }

  /** The schema's name, or the error that it has several parts. */
  protected def schemaOf(namespace: Array[String]): String =
    if (namespace.length == 1) namespace.head else throw missing(namespace)

  private def path(namespace: Array[String]): String =
    "/schemas/" + RestClient.segment(catalog, schemaOf(namespace))

  private def missing(namespace: Array[String]): NoSuchNamespaceException =
    new NoSuchNamespaceException(catalog +: namespace.toSeq)
}
