package bricklane.spark

import org.apache.spark.connect.proto.{DataType => WireType}
import org.apache.spark.sql.catalyst.util.quoteIfNeeded
import org.apache.spark.sql.classic.SparkSession
import org.apache.spark.sql.connect.common.DataTypeProtoConverter
import org.apache.spark.sql.connect.planner.SparkConnectPlanner
import org.apache.spark.sql.connect.plugin.CommandPlugin
import org.sparkproject.connect.protobuf.ByteString

/**
 * The part of Delta's Python API that returns nothing (`delta/connect/commands.proto` of Delta
 * 4.4): each message becomes the SQL statement that does the same.
 */
final class DeltaCommands extends CommandPlugin {

  override def process(extension: Array[Byte], planner: SparkConnectPlanner): Boolean =
    WireMessage.unpack(extension, "delta.connect.DeltaCommand").exists { command =>
      val kind = command.numbers.headOption.getOrElse(0)
      run(planner.session, kind, command.required(kind))
      true
    }

  private def run(session: SparkSession, kind: Int, body: WireMessage): Unit = {
    // A new table has no table in its message, only its name.
    lazy val table = DeltaNames.sql(session, body.required(1))
    kind match {
      case 1 => session.sql(clone(session, table, body))
      case 2 => session.sql(s"VACUUM $table" + body.double(2).fold("")(h => s" RETAIN $h HOURS"))
      case 3 =>
        set(
          session, table,
          "delta.minReaderVersion" -> body.number(2).getOrElse(0L).toString,
          "delta.minWriterVersion" -> body.number(3).getOrElse(0L).toString)
      case 4 => session.sql(s"GENERATE ${body.text(2).getOrElse("")} FOR TABLE $table")
      case 5 => create(session, body)
      case 6 => set(session, table, s"delta.feature.${body.text(2).getOrElse("")}" -> "supported")
      case 7 =>
        session.sql(
          s"ALTER TABLE $table DROP FEATURE ${quoteIfNeeded(body.text(2).getOrElse(""))}" +
            (if (body.flag(3)) " TRUNCATE HISTORY" else ""))
      case other =>
        throw new UnsupportedOperationException(
          s"command $other of Delta's Python API is not known here; use SQL")
    }
  }

  private def set(session: SparkSession, table: String, properties: (String, String)*): Unit =
    session.sql(s"ALTER TABLE $table SET TBLPROPERTIES ${DeltaNames.properties(properties)}")

  private def clone(session: SparkSession, table: String, body: WireMessage): String = {
    val name = DeltaNames.parts(session, body.text(2).getOrElse(""))
    val properties = body.properties(7)
    (if (body.flag(6)) "CREATE OR REPLACE TABLE " else "CREATE TABLE ") +
      name.map(quoteIfNeeded).mkString(".") + s" ${if (body.flag(5)) "SHALLOW" else "DEEP"} CLONE $table" +
      DeltaNames.moment(body.number(3), body.text(4)) +
      (if (properties.isEmpty) "" else s" TBLPROPERTIES ${DeltaNames.properties(properties)}")
  }

  private def create(session: SparkSession, body: WireMessage): Unit = {
    val verb = body.number(1).getOrElse(0L).toInt match {
      case 1 => "CREATE TABLE"
      case 2 => "CREATE TABLE IF NOT EXISTS"
      case 3 => "REPLACE TABLE"
      case 4 => "CREATE OR REPLACE TABLE"
      case other => throw new IllegalArgumentException(s"mode $other of a new table is not known")
    }
    val location = body.text(3)
    val name = body.text(2).map(DeltaNames.parts(session, _))
      .orElse(location.map(Seq("delta", _)))
      .getOrElse(throw new IllegalArgumentException("a new table needs a name or a location"))
    val columns = body.messages(5).map(column)
    val properties = body.properties(7)
    session.sql(
      s"$verb ${name.map(quoteIfNeeded).mkString(".")}" +
        list("", columns) +
        " USING delta" +
        list(" PARTITIONED BY ", body.texts(6).map(quoteIfNeeded)) +
        list(" CLUSTER BY ", body.texts(8).map(quoteIfNeeded)) +
        location.fold("")(folder => s" LOCATION ${DeltaNames.literal(folder)}") +
        body.text(4).fold("")(comment => s" COMMENT ${DeltaNames.literal(comment)}") +
        (if (properties.isEmpty) "" else s" TBLPROPERTIES ${DeltaNames.properties(properties)}"))
  }

  private def list(before: String, items: Seq[String]): String =
    if (items.isEmpty) "" else items.mkString(s"$before(", ", ", ")")

  private def column(body: WireMessage): String = {
    val identity = body.message(6).map { identity =>
      val kind = if (identity.flag(3)) "BY DEFAULT" else "ALWAYS"
      val (start, step) = (identity.number(1).getOrElse(0L), identity.number(2).getOrElse(0L))
      s" GENERATED $kind AS IDENTITY (START WITH $start INCREMENT BY $step)"
    }
    s"${quoteIfNeeded(body.text(1).getOrElse(""))} ${dataType(body.bytes(2))}" +
      (if (body.flag(3)) "" else " NOT NULL") +
      body.text(4).fold("")(expression => s" GENERATED ALWAYS AS ($expression)") +
      identity.getOrElse("") +
      body.text(5).fold("")(comment => s" COMMENT ${DeltaNames.literal(comment)}")
  }

  private def dataType(bytes: Option[ByteString]): String = {
    val sent = WireType.parseFrom(bytes.getOrElse(ByteString.EMPTY))
    if (sent.hasUnparsed) sent.getUnparsed.getDataTypeString
    else DataTypeProtoConverter.toCatalystType(sent).sql
  }
}
