package org.apache.spark.sql.artifact.bricklane

/** Puts values of ours where Spark keeps its own in fields that are set once. */
object Replaced {

  /** Replaces what a Scala object keeps under a name; where it has no such field, nothing. */
  def apply(owner: AnyRef, name: String, value: AnyRef): Unit =
    owner.getClass.getDeclaredFields.find(_.getName == name).foreach { field =>
      unsafe.putObjectVolatile(
        unsafe.staticFieldBase(field),
        unsafe.staticFieldOffset(field),
        value)
    }

  private lazy val unsafe: sun.misc.Unsafe = {
    val field = classOf[sun.misc.Unsafe].getDeclaredField("theUnsafe")
    field.setAccessible(true)
    field.get(null).asInstanceOf[sun.misc.Unsafe]
  }
}
