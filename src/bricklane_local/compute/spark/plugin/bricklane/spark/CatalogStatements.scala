package bricklane.spark

import java.util.Locale

import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan

/**
 * The statements about catalogs, volumes, grants and owners that Databricks SQL has and Spark has not.
 *
 * https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-use-catalog and its siblings,
 * https://docs.databricks.com/sql/language-manual/security-grant.
 *
 * @param parser parses a statement with the parameters of the one that is being parsed
 */
final class CatalogStatements(parser: String => LogicalPlan) {
  import CatalogStatements._

  /** Returns the command for a statement about catalogs, None for any other statement. */
  def parse(text: String): Option[LogicalPlan] = text match {
    case Use(name) => Some(UseCatalog(read(name)))
    case UseSchemaOf(name) => Some(UseSchema(read(name)))
    case Create(ifNotExists, name, place, otherPlace, one, two) =>
      val location = Option(place).orElse(Option(otherPlace))
      val comment = Option(one).orElse(Option(two))
      Some(CreateCatalog(read(name), ifNotExists != null, location, comment))
    case Drop(ifExists, name, behavior) =>
      val cascade = behavior != null && behavior.trim.equalsIgnoreCase("CASCADE")
      Some(DropCatalog(read(name), ifExists != null, cascade))
    case Describe(name) => Some(DescribeCatalog(read(name)))
    case Comment(name, one, two) =>
      Some(CommentOnCatalog(read(name), Option(one).orElse(Option(two)).getOrElse("")))
    case _ => volumes(text).orElse(grants(text))
  }

  private def volumes(text: String): Option[LogicalPlan] = text match {
    case MakeVolume(ifNotExists, name, place, otherPlace, one, two) =>
      val location = Option(place).orElse(Option(otherPlace))
      val comment = Option(one).orElse(Option(two))
      val volume = SecurableName("volume", read(name))
      Some(CreateVolume(volume, ifNotExists != null, location, comment))
    case RemoveVolume(ifExists, name) =>
      Some(DropVolume(SecurableName("volume", read(name)), ifExists != null))
    case ShowVolumes(schema) => Some(ListVolumes(Option(schema).map(read)))
    case _ => None
  }

  private def grants(text: String): Option[LogicalPlan] = text match {
    case Grant(privileges, kind, name, principal) =>
      Some(change("add", privileges, securable(kind, name), principal))
    case Revoke(privileges, kind, name, principal) =>
      Some(change("remove", privileges, securable(kind, name), principal))
    case ShowGrants(principal, kind, name) =>
      Some(ListGrants(Option(principal).map(plain), securable(kind, name)))
    case Transfer(kind, name, principal) =>
      Some(ChangeOwner(securable(kind, name), plain(principal)))
    case _ => None
  }

  // No name: the metastore, of which a workspace has one.
  private def securable(kind: String, name: String): SecurableName =
    if (name == null) SecurableName.OfWorkspace else SecurableName.of(kind, read(name))

  private def change(
      action: String,
      privileges: String,
      securable: SecurableName,
      principal: String): LogicalPlan =
    ChangeGrants(
      action,
      privileges.split(',').toSeq.map(_.trim.replaceAll("\\s+", "_").toUpperCase(Locale.ROOT)),
      securable,
      plain(principal))

  private def plain(principal: String): String =
    if (principal.startsWith("`")) principal.substring(1, principal.length - 1).replace("``", "`")
    else principal

  private def read(name: String): StatementName = StatementName.read(name, parser)
}

object CatalogStatements {
  import StatementPattern._

  private val Use = statement(s"(?:USE|SET) CATALOG $Name")
  private val UseSchemaOf = statement(s"USE (?:SCHEMA|DATABASE|NAMESPACE) $LongName")
  private val Create = statement(
    s"CREATE CATALOG( IF NOT EXISTS)? $Name(?: MANAGED LOCATION $Text)?(?: COMMENT $Text)?")
  private val Drop = statement(s"DROP CATALOG( IF EXISTS)? $Name( RESTRICT| CASCADE)?")
  private val Describe = statement(s"DESC(?:RIBE)? CATALOG(?: EXTENDED)? $Name")
  private val MakeVolume = statement(
    s"CREATE (?:EXTERNAL )?VOLUME( IF NOT EXISTS)? $LongName(?: LOCATION $Text)?" +
      s"(?: COMMENT $Text)?")
  private val RemoveVolume = statement(s"DROP VOLUME( IF EXISTS)? $LongName")
  private val ShowVolumes = statement(s"SHOW VOLUMES(?: (?:IN|FROM) $LongName)?")
  private val Privileges = "([A-Za-z_]+(?:[\\s,]+[A-Za-z_]+)*?)"
  private val Principal = s"($Quoted|[^\\s`;]+)"
  private val Object = s"(?:METASTORE|(?:(${SecurableName.Words}) )?$LongName)"
  private val Grant = statement(s"GRANT $Privileges ON $Object TO $Principal")
  private val Revoke = statement(s"REVOKE $Privileges ON $Object FROM $Principal")
  private val ShowGrants = statement(s"SHOW GRANTS?(?: $Principal)? ON $Object")
  private val Transfer = statement(s"ALTER $Object (?:SET )?OWNER TO $Principal")
  private val Comment = statement(s"COMMENT ON CATALOG $Name IS (?:NULL|$Text)")
}
