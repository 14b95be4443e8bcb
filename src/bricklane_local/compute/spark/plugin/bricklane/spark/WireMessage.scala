package bricklane.spark

import scala.jdk.CollectionConverters._

import org.sparkproject.connect.protobuf.{Any => WireAny, ByteString, UnknownFieldSet}

/**
 * A Protocol Buffers message of which only the field numbers are known.
 *
 * Spark brings the library for its own messages, and no compiler for those of others. Fields that
 * are absent are None, or empty where they may be repeated.
 *
 * @param fields the fields as they were sent
 */
final class WireMessage(fields: UnknownFieldSet) {

  /** Whether a field is there, whatever it holds. */
  def has(number: Int): Boolean = fields.hasField(number)

  /** The numbers of all fields. */
  def numbers: Seq[Int] = fields.asMap.keySet.asScala.map(_.intValue).toSeq.sorted

  /** Bytes of a field: of a string, or of a message that somebody else parses. */
  def bytes(number: Int): Option[ByteString] = all(number).lastOption

  /** A message in a field. */
  def message(number: Int): Option[WireMessage] = bytes(number).map(WireMessage.parse)

  /** A message in a field that must be there. */
  def required(number: Int): WireMessage =
    message(number).getOrElse(throw new IllegalArgumentException(s"field $number is missing"))

  /** Messages in a repeated field. */
  def messages(number: Int): Seq[WireMessage] = all(number).map(WireMessage.parse)

  /** Text of a field. */
  def text(number: Int): Option[String] = bytes(number).map(_.toStringUtf8)

  /** Texts of a repeated field. */
  def texts(number: Int): Seq[String] = all(number).map(_.toStringUtf8)

  /** A whole number. */
  def number(field: Int): Option[Long] =
    fields.getField(field).getVarintList.asScala.lastOption.map(_.longValue)

  /** A floating-point number. */
  def double(field: Int): Option[Double] =
    fields.getField(field).getFixed64List.asScala.lastOption
      .map(bits => java.lang.Double.longBitsToDouble(bits))

  /** A truth value, false when it is absent. */
  def flag(field: Int): Boolean = number(field).exists(_ != 0)

  /** A map from text to text, in the order in which it was sent. */
  def properties(field: Int): Seq[(String, String)] =
    messages(field).map(entry => entry.text(1).getOrElse("") -> entry.text(2).getOrElse(""))

  private def all(number: Int): Seq[ByteString] =
    fields.getField(number).getLengthDelimitedList.asScala.toSeq
}

object WireMessage {

  /** Reads a message. */
  def parse(bytes: ByteString): WireMessage = new WireMessage(UnknownFieldSet.parseFrom(bytes))

  /**
   * Reads the message in an extension of a plan, None when it is of another type.
   *
   * @param extension a `google.protobuf.Any`
   * @param name full name of the type
   */
  def unpack(extension: Array[Byte], name: String): Option[WireMessage] = {
    val any = WireAny.parseFrom(extension)
    Option.when(any.getTypeUrl.endsWith(s"/$name"))(parse(any.getValue))
  }
}
