// Sessions are known to the packages of Spark Connect only (`private[connect]`).
package org.apache.spark.sql.connect.bricklane

import bricklane.spark.{Caller, Catalogs}
import org.apache.spark.connect.proto.{ExecutePlanRequest, Plan}
import org.apache.spark.internal.Logging
import org.apache.spark.sql.AnalysisException
import org.apache.spark.sql.connect.service.{SessionKey, SparkConnectService}
import org.sparkproject.connect.grpc.{Metadata, ServerCall, ServerCallHandler, ServerInterceptor}
import org.sparkproject.connect.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener

/**
 * Makes the caller's catalogs known before `spark.catalog.setCurrentCatalog` and `listCatalogs`.
 *
 * These two go straight to Spark's catalog manager: no statement is parsed and no plan analyzed,
 * so none of the hooks of an extension sees them.
 */
final class CatalogCalls extends ServerInterceptor with Logging {

  override def interceptCall[Q, R](
      call: ServerCall[Q, R],
      headers: Metadata,
      next: ServerCallHandler[Q, R]): ServerCall.Listener[Q] =
    new SimpleForwardingServerCallListener[Q](next.startCall(call, headers)) {
      override def onMessage(message: Q): Unit = {
        message match {
          case request: ExecutePlanRequest if isAboutCatalogs(request.getPlan) => refresh(request)
          case _ =>
        }
        super.onMessage(message)
      }
    }

  private def isAboutCatalogs(plan: Plan): Boolean =
    plan.hasRoot && plan.getRoot.hasCatalog && {
      val catalog = plan.getRoot.getCatalog
      catalog.hasSetCurrentCatalog || catalog.hasListCatalogs
    }

  private def refresh(request: ExecutePlanRequest): Unit = {
    val key = SessionKey(request.getUserContext.getUserId, request.getSessionId)
    SparkConnectService.sessionManager.getIsolatedSessionIfPresent(key).foreach { holder =>
      val session = holder.session
      if (Caller.isKnown(session)) {
        // The call that follows names the catalog which it does not find.
        try session.withActive(Catalogs.refresh(session))
        catch { case failure: AnalysisException => logWarning("cannot list catalogs", failure) }
      }
    }
  }
}
