package bricklane.spark

import java.io.IOException
import java.net.{URI, URLEncoder}
import java.net.http.{HttpClient, HttpRequest, HttpResponse, HttpTimeoutException}
import java.nio.charset.StandardCharsets.UTF_8
import java.time.Duration

import scala.jdk.CollectionConverters._

import com.fasterxml.jackson.core.JsonProcessingException
import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
import com.fasterxml.jackson.databind.node.ObjectNode

/**
 * Calls the REST API of one workspace, that of Unity Catalog above all.
 *
 * Shapes: https://docs.databricks.com/api/workspace/tables and its siblings.
 *
 * @param caller asked before each request, see [[Caller.of]]
 */
final class RestClient(caller: () => Caller) {
  import RestClient._

  /** Returns the body of a successful GET. */
  def get(path: String, query: (String, String)*): JsonNode =
    send("GET", Prefix + path, query, None)

  /** Returns the name of the caller: a user name or application id. */
  def userName(): String = send("GET", Me, Nil, None).path("userName").asText

  /** Returns the names of the groups that the caller is in. */
  def groups(): Set[String] =
    send("GET", Me, Nil, None).path("groups").elements.asScala.map(_.path("display").asText).toSet

  /** Whether the workspace has a cluster that the caller may see. */
  def hasCluster(id: String): Boolean =
    try { send("GET", Cluster, Seq("cluster_id" -> id), None); true }
    catch { case failure: RestFailure if Set(400, 403, 404)(failure.status) => false }

  /** Returns the body of a successful POST that changes nothing, and so may be sent twice. */
  def ask(path: String, body: ObjectNode): JsonNode =
    send("POST", Prefix + path, Nil, Some(body), harmless = true)

  /** Returns the body of a successful POST. */
  def post(path: String, body: ObjectNode): JsonNode =
    send("POST", Prefix + path, Nil, Some(body))

  /** Returns the body of a successful PATCH. */
  def patch(path: String, body: ObjectNode, query: (String, String)*): JsonNode =
    send("PATCH", Prefix + path, query, Some(body))

  /** Deletes the thing at the path. */
  def delete(path: String, query: (String, String)*): Unit =
    send("DELETE", Prefix + path, query, None)

  /** Like [[get]], but None when the thing does not exist. */
  def find(path: String, query: (String, String)*): Option[JsonNode] =
    try Some(get(path, query: _*))
    catch { case failure: RestFailure if failure.isMissing => None }

  /** Returns the items of all pages of a list. */
  def list(path: String, key: String, query: (String, String)*): Seq[JsonNode] =
    pages(path, query: _*).flatMap(_.path(key).elements.asScala)

  /** Returns all pages of a list. */
  def pages(path: String, query: (String, String)*): Seq[JsonNode] = {
    val first = get(path, query: _*)
    Iterator
      .unfold(Option(first)) {
        case None => None
        case Some(page) =>
          val token = page.path("next_page_token").asText("")
          val next =
            if (token.isEmpty) None
            else Some(get(path, query :+ ("page_token" -> token): _*))
          Some((page, next))
      }
      .toSeq
  }

  private def send(
      method: String,
      path: String,
      query: Seq[(String, String)],
      body: Option[ObjectNode],
      harmless: Boolean = false): JsonNode = {
    val Caller(host, token) = caller()
    val publisher = body match {
      case Some(json) => HttpRequest.BodyPublishers.ofString(Json.writeValueAsString(json))
      case None => HttpRequest.BodyPublishers.noBody()
    }
    val request = HttpRequest
      .newBuilder(URI.create(host + path + encoded(query)))
      .timeout(Timeout)
      .header("Authorization", s"Bearer $token")
      .header("Content-Type", "application/json")
      .method(method, publisher)
      .build()
    val response =
      try exchanged(request, if (harmless || method == "GET") Attempts else 1)
      catch {
        case error: IOException =>
          val reason = Option(error.getMessage).getOrElse(error.getClass.getSimpleName)
          throw new RestFailure(0, "TEMPORARILY_UNAVAILABLE", s"$method $host$path: $reason")
      }
    parsed(method, path, response)
  }

  /**
   * Sends a request, again when its connection breaks.
   *
   * A kept connection may be closed by the other side at the moment when a request is sent by it.
   */
  private def exchanged(request: HttpRequest, attempts: Int): HttpResponse[String] =
    try http.send(request, HttpResponse.BodyHandlers.ofString(UTF_8))
    catch {
      case error: IOException
          if attempts > 1 && !error.isInstanceOf[HttpTimeoutException] =>
        Thread.sleep(PauseMilliseconds)
        exchanged(request, attempts - 1)
    }

  private def parsed(method: String, path: String, response: HttpResponse[String]): JsonNode = {
    val status = response.statusCode
    val json =
      try Json.readTree(if (response.body.isEmpty) "{}" else response.body)
      catch {
        case _: JsonProcessingException =>
          throw new RestFailure(status, "INVALID_ANSWER", s"$method $path is not JSON")
      }
    if (status / 100 != 2) {
      val fallback = s"$method $path answered $status"
      throw new RestFailure(
        status,
        json.path("error_code").asText("UNKNOWN"),
        json.path("message").asText(fallback))
    }
    json
  }
}

object RestClient {
  private val Prefix = "/api/2.1/unity-catalog"
  private val Me = "/api/2.0/preview/scim/v2/Me"
  private val Cluster = "/api/2.1/clusters/get"
  private val Timeout = Duration.ofSeconds(60)
  // How often what changes nothing is sent when connections break, and the time between.
  private val Attempts = 4
  private val PauseMilliseconds = 250L

  private val Json = new ObjectMapper()

  // One client for all sessions, for its pool of connections. HTTP/1.1 is fixed because the
  // client otherwise asks each new connection for an upgrade to HTTP/2.
  private val http = HttpClient
    .newBuilder()
    .version(HttpClient.Version.HTTP_1_1)
    .connectTimeout(Duration.ofSeconds(10))
    .build()

  /** An empty JSON object, to be filled as a request body. */
  def body(): ObjectNode = Json.createObjectNode()

  /** Reads JSON that was stored as text. */
  def parse(text: String): JsonNode = Json.readTree(text)

  /** The texts of a field that has several. */
  def texts(json: JsonNode, field: String): Seq[String] =
    json.path(field).elements.asScala.map(_.asText).toSeq

  /** Makes a name fit to be a part of a path. */
  def segment(names: String*): String =
    URLEncoder.encode(names.mkString("."), UTF_8).replace("+", "%20")

  private def encoded(query: Seq[(String, String)]): String =
    if (query.isEmpty) ""
    else query.map { case (k, v) => s"$k=${segment(v)}" }.mkString("?", "&", "")
}
