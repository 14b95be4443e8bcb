// Sessions are known to the packages of Spark Connect only (`private[connect]`).
package org.apache.spark.sql.connect.bricklane

import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, Path}
import java.security.MessageDigest
import java.util.{Collections, WeakHashMap}

import scala.jdk.CollectionConverters._
import scala.util.Try
import scala.util.control.NonFatal

import bricklane.spark.{Caller, Catalogs, PathMapping, Visitor, Workspaces}
import org.apache.spark.connect.proto.{ConfigRequest, UserContext}
import org.apache.spark.sql.connect.service.{SessionHolder, SessionKey, SparkConnectService}
import org.sparkproject.connect.grpc.{Metadata, ServerCall, ServerCallHandler, ServerInterceptor, Status}
import org.sparkproject.connect.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener
import org.sparkproject.connect.protobuf.Message

/**
 * Lets in who has the token of this process, as the runtime of jobs does, or one of a workspace.
 *
 * Who comes with the token of a workspace is a visitor: its sessions act as the principal of the
 * token in the token's workspace, whatever settings they send, and nobody else can use them. The
 * runtime says itself for whom its sessions act, with a token that the workspace accepts.
 */
final class Entrance extends ServerInterceptor {
  import Entrance._

  override def interceptCall[Q, R](
      call: ServerCall[Q, R],
      headers: Metadata,
      next: ServerCallHandler[Q, R]): ServerCall.Listener[Q] = {
    val token = Option(headers.get(Authorization)).getOrElse("").stripPrefix("Bearer ").trim
    if (isOurs(token)) next.startCall(call, headers)
    else
      try {
        val visitor = Visitor.of(token, Option(headers.get(Cluster)).getOrElse(""))
        new Visit(call, next.startCall(call, headers), visitor)
      } catch { case NonFatal(error) => refused(call, Status.UNAUTHENTICATED, error) }
  }

  private def refused[Q, R](
      call: ServerCall[Q, R],
      status: Status,
      error: Throwable): ServerCall.Listener[Q] = {
    call.close(status.withDescription(error.getMessage), new Metadata)
    new ServerCall.Listener[Q] {}
  }
}

object Entrance {
  /** The variable of this process with its own token. */
  val TokenVariable = "BRICKLANE_SPARK_TOKEN"

  /** Names a file with the token, where somebody else than the cloud has started the process. */
  val TokenFileKey = "spark.bricklane.entrance"

  private val Authorization = Metadata.Key.of("Authorization", Metadata.ASCII_STRING_MARSHALLER)
  private val Cluster =
    Metadata.Key.of("x-databricks-cluster-id", Metadata.ASCII_STRING_MARSHALLER)
  private val Reserved = "spark.bricklane."
  private val owners = Collections.synchronizedMap(new WeakHashMap[SessionHolder, Visitor]())
  private val expected = sys.env.getOrElse(TokenVariable, tokenOfFile).getBytes(UTF_8)

  private def tokenOfFile: String = Workspaces.setting(TokenFileKey) match {
    case "" => ""
    case file => Files.readString(Path.of(file)).trim
  }

  private def isOurs(token: String): Boolean =
    expected.nonEmpty && MessageDigest.isEqual(expected, token.getBytes(UTF_8))

  /** One call of a visitor, each message of which is checked before Spark sees it. */
  private final class Visit[Q, R](
      call: ServerCall[Q, R],
      next: ServerCall.Listener[Q],
      visitor: Visitor)
      extends SimpleForwardingServerCallListener[Q](next) {
    private var ended = false

    override def onMessage(message: Q): Unit =
      try {
        message match {
          case request: ConfigRequest => requireFree(request)
          case _ =>
        }
        message match {
          case request: Message => admit(request)
          case _ => throw new IllegalArgumentException(s"not a message: ${message.getClass}")
        }
        super.onMessage(message)
      } catch {
        case NonFatal(error) if !ended =>
          ended = true
          call.close(Status.PERMISSION_DENIED.withDescription(error.getMessage), new Metadata)
      }

    override def onHalfClose(): Unit = if (!ended) super.onHalfClose()

    private def requireFree(request: ConfigRequest): Unit = {
      val operation = request.getOperation
      val set = operation.getSet.getPairsList.asScala.map(_.getKey)
      val unset = operation.getUnset.getKeysList.asScala
      (set ++ unset).find(_.startsWith(Reserved)).foreach { key =>
        throw new IllegalArgumentException(
          s"The setting $key cannot be changed: the session's token says whose it is")
      }
    }

    private def admit(request: Message): Unit = {
      val fields = request.getDescriptorForType
      val context = request.getField(fields.findFieldByName("user_context"))
      val user = context match {
        case known: UserContext => known.getUserId
        case _ => ""
      }
      val id = request.getField(fields.findFieldByName("session_id")).toString
      val key = SessionKey(user, id)
      // A release must not make the session that it ends.
      val sessions = SparkConnectService.sessionManager
      val holder =
        if (fields.getName.startsWith("Release")) sessions.getIsolatedSessionIfPresent(key)
        // Of one that has ended, or whose name cannot be, Spark says so itself.
        else Try(sessions.getOrCreateIsolatedSession(key, None)).toOption
      holder.foreach(claim)
    }

    private def claim(holder: SessionHolder): Unit = {
      val session = holder.session
      val owner = owners.synchronized {
        // One that says whose it is was made by the runtime, or is the clone of a visitor's.
        if (!owners.containsKey(holder) && !Caller.isKnown(session)) owners.put(holder, visitor)
        Option(owners.get(holder))
      }
      val same = owner.fold(Caller.isKnown(session) && visitor.is(Caller.of(session)))(
        visitor.isSameAs)
      if (!same) {
        throw new IllegalArgumentException(
          s"The session ${holder.sessionId} is not one of ${visitor.user}")
      }
      if (owner.isEmpty) owners.put(holder, visitor)
      val isNew = !Caller.isKnown(session)
      session.conf.set(Caller.HostKey, visitor.caller.host)
      session.conf.set(Caller.TokenKey, visitor.caller.token)
      session.conf.set(PathMapping.WorkspaceKey, visitor.workspace)
      if (isNew) {
        session.withActive(Catalogs.refresh(session))
        visitor.catalog.foreach(session.conf.set("spark.sql.defaultCatalog", _))
      }
    }
  }
}
