"""GRANT and its siblings in Spark SQL, and what a principal with few privileges may do there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

    from conftest import Engine

pytestmark = pytest.mark.real
Sql = Callable[..., list[tuple[Any, ...]]]
_NUMBERS = itertools.count()
UNITY = "/api/2.1/unity-catalog"
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/data"}


@dataclass(frozen=True)
class Somebody:
    """A service principal in a session of its own.

    Args:
        name: its application id.
        spark: its session.
    """

    name: str
    spark: SparkSession

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        return [tuple(row) for row in self.spark.sql(statement).collect()]

    def denied(self, statement: str) -> str:
        """Run a statement that is refused, and return why."""
        from pyspark.errors import AnalysisException

        with pytest.raises(AnalysisException, match="PERMISSION_DENIED") as error:
            self.sql(statement)
        return str(error.value)


@pytest.fixture
def somebody(engine: Engine) -> Iterator[Somebody]:
    """Somebody to whom nothing was granted."""
    scim = "/api/2.0/preview/scim/v2/ServicePrincipals"
    body = {"displayName": f"somebody {next(_NUMBERS)}"}
    made = engine.cloud.request("POST", scim, json=body).json()
    secrets = f"/api/2.0/accounts/servicePrincipals/{made['id']}/credentials/secrets"
    secret = engine.cloud.request("POST", secrets).json()["secret"]
    token = requests.post(
        f"{engine.cloud.host}/oidc/v1/token",
        data={"grant_type": "client_credentials", "scope": "all-apis"},
        auth=(made["applicationId"], secret),
        timeout=30,
    ).json()["access_token"]
    session = engine.session(spark__bricklane__token=token)
    yield Somebody(made["applicationId"], session)
    session.stop()


@pytest.fixture
def someone(engine: Engine) -> str:
    """The name of a user."""
    name = f"user{next(_NUMBERS)}@example.com"
    answer = engine.cloud.request("POST", "/api/2.0/preview/scim/v2/Users", json={"userName": name})
    assert answer.ok, answer.text
    return name


def test_privileges_are_granted_shown_and_revoked(sql: Sql, schema: str, someone: str) -> None:
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql(f"GRANT SELECT, MODIFY ON TABLE t TO `{someone}`")
    sql(f"GRANT USE SCHEMA ON SCHEMA {schema} TO {someone};")
    shown = sql(f"SHOW GRANTS `{someone}` ON TABLE t")
    assert sorted(shown) == [
        (someone, "MODIFY", "TABLE", f"{schema}.t"),
        (someone, "SELECT", "TABLE", f"{schema}.t"),
    ]
    sql(f"REVOKE MODIFY ON t FROM `{someone}`")
    assert [row[1] for row in sql("SHOW GRANTS ON TABLE t")] == ["SELECT"]
    assert (someone, "USE SCHEMA", "SCHEMA", schema) in sql(f"SHOW GRANT ON SCHEMA {schema}")


def test_inherited_grants_are_shown_with_where_they_come_from(
    sql: Sql, schema: str, someone: str
) -> None:
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql(f"GRANT ALL PRIVILEGES ON CATALOG dev TO `{someone}`")
    sql(f"GRANT SELECT ON SCHEMA {schema} TO `{someone}`")
    assert sorted(sql(f"SHOW GRANTS `{someone}` ON TABLE t")) == [
        (someone, "ALL PRIVILEGES", "CATALOG", "dev"),
        (someone, "SELECT", "SCHEMA", schema),
    ]


def test_every_kind_of_securable_has_grants(
    engine: Engine, sql: Sql, schema: str, someone: str
) -> None:
    def post(path: str, **body: Any) -> None:
        answer = engine.cloud.request("POST", f"{UNITY}{path}", json=body)
        assert answer.ok, answer.text

    post("/storage-credentials", name="spark", aws_iam_role=ROLE)
    post("/external-locations", name="spark", url="s3://spark", credential_name="spark")
    post("/connections", name="spark", connection_type="MYSQL", options={"host": "h"})
    post("/credentials", name="spark", purpose="SERVICE", aws_iam_role=ROLE)
    post("/models", name="m", catalog_name="dev", schema_name=schema.partition(".")[2])
    sql("CREATE VOLUME v")
    for privilege, securable, kind, key in (
        ("CREATE CATALOG", "METASTORE", "METASTORE", ""),
        ("CREATE SCHEMA", "CATALOG dev", "CATALOG", "dev"),
        ("READ VOLUME", "VOLUME v", "VOLUME", f"{schema}.v"),
        ("EXECUTE", "FUNCTION m", "FUNCTION", f"{schema}.m"),
        ("MANAGE", f"MODEL {schema}.m", "FUNCTION", f"{schema}.m"),
        ("READ FILES", "EXTERNAL  LOCATION spark", "EXTERNAL LOCATION", "spark"),
        ("CREATE EXTERNAL TABLE", "STORAGE CREDENTIAL spark", "STORAGE CREDENTIAL", "spark"),
        ("ACCESS", "SERVICE CREDENTIAL spark", "CREDENTIAL", "spark"),
        ("USE CONNECTION", "CONNECTION spark", "CONNECTION", "spark"),
    ):
        sql(f"GRANT {privilege} ON {securable} TO `{someone}`")
        shown = sql(f"SHOW GRANTS `{someone}` ON {securable}")
        assert (privilege, kind) in [row[1:3] for row in shown]
        assert not key or key in [row[3] for row in shown]
        sql(f"REVOKE {privilege} ON {securable} FROM `{someone}`")
        assert privilege not in [row[1] for row in sql(f"SHOW GRANTS `{someone}` ON {securable}")]


def test_owner_is_changed_by_statement(engine: Engine, sql: Sql, schema: str, someone: str) -> None:
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("CREATE VIEW w AS SELECT a FROM t")
    sql("CREATE VOLUME v")
    sql(f"CREATE CATALOG IF NOT EXISTS owned_{schema.partition('.')[2]}")
    for statement, path in (
        ("ALTER TABLE t OWNER TO", f"/tables/{schema}.t"),
        ("ALTER VIEW w SET OWNER TO", f"/tables/{schema}.w"),
        ("ALTER VOLUME v OWNER TO", f"/volumes/{schema}.v"),
        (f"ALTER SCHEMA {schema} OWNER TO", f"/schemas/{schema}"),
        (
            f"ALTER CATALOG owned_{schema.partition('.')[2]} SET OWNER TO",
            f"/catalogs/owned_{schema.partition('.')[2]}",
        ),
    ):
        sql(f"{statement} `{someone}`")
        assert engine.cloud.request("GET", UNITY + path).json()["owner"] == someone


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("GRANT FLY ON TABLE t TO `account users`", 'must be one of ACCESS, .*; got "FLY"'),
        ("GRANT CREATE CATALOG ON TABLE t TO `account users`", "CREATE CATALOG is not applicable"),
        ("GRANT SELECT ON TABLE t TO nobody", "PRINCIPAL_DOES_NOT_EXIST.*with name nobody"),
        ("ALTER TABLE t OWNER TO nobody", "PRINCIPAL_DOES_NOT_EXIST.*with name nobody"),
        ("GRANT SELECT ON TABLE none TO `account users`", r"Table 'dev\..*\.none' does not exist"),
        (
            "GRANT SELECT ON EXTERNAL LOCATION none TO `a`",
            "External Location 'none' does not exist",
        ),
        ("CREATE FUNCTION f AS 'x'", "does not support CREATE FUNCTION|CREATE_FUNCTION"),
    ],
)
def test_statement_that_cannot_be_is_refused(sql: Sql, statement: str, message: str) -> None:
    from pyspark.errors import AnalysisException

    sql("CREATE TABLE t AS SELECT 1 AS a")
    with pytest.raises(AnalysisException, match=message):
        sql(statement)


def test_each_privilege_of_the_chain_is_asked_for_by_name(
    sql: Sql, schema: str, somebody: Somebody
) -> None:
    sql("CREATE TABLE t AS SELECT 1 AS a")
    table, name = f"{schema}.t", somebody.name
    read = f"SELECT * FROM {table}"  # noqa: S608
    assert f"USE SCHEMA on Schema '{schema}'" in somebody.denied(read)
    assert f"USE SCHEMA on Schema '{schema}'" in somebody.denied(f"SHOW TABLES IN {schema}")
    sql(f"GRANT USE SCHEMA ON SCHEMA {schema} TO `{name}`")
    assert f"SELECT on Table '{table}'" in somebody.denied(read)
    assert somebody.sql(f"SHOW TABLES IN {schema}") == []
    sql(f"GRANT SELECT ON TABLE {table} TO `{name}`")
    assert somebody.sql(read) == [(1,)]
    write = f"INSERT INTO {table} VALUES (2)"  # noqa: S608
    for statement, missing in (
        (write, f"MODIFY on Table '{table}'"),
        (f"CREATE TABLE {schema}.u (a INT)", f"CREATE TABLE on Schema '{schema}'"),
        (f"CREATE VIEW {schema}.w AS {read}", f"CREATE TABLE on Schema '{schema}'"),
        (f"DROP TABLE {table}", f"MANAGE on Table '{table}'"),
        (f"CREATE VOLUME {schema}.v", f"CREATE VOLUME on Schema '{schema}'"),
        ("CREATE SCHEMA dev.another", "CREATE SCHEMA on Catalog 'dev'"),
        ("CREATE CATALOG another", "CREATE CATALOG on Metastore"),
        (f"GRANT SELECT ON TABLE {table} TO `account users`", f"MANAGE on Table '{table}'"),
    ):
        assert missing in somebody.denied(statement), statement
    sql(f"GRANT MODIFY ON TABLE {table} TO `{name}`")
    somebody.sql(write)
    assert len(sql(read)) == 2


def test_a_view_reads_with_the_privileges_of_its_owner(
    sql: Sql, schema: str, somebody: Somebody
) -> None:
    sql("CREATE TABLE secret AS SELECT 1 AS a")
    sql("CREATE VIEW inner_view AS SELECT a FROM secret")
    sql("CREATE VIEW shown AS SELECT a + 1 AS b FROM inner_view")
    sql(f"GRANT USE SCHEMA ON SCHEMA {schema} TO `{somebody.name}`")
    view, table = f"{schema}.shown", f"{schema}.secret"
    assert f"SELECT on Table '{view}'" in somebody.denied(f"SELECT * FROM {view}")  # noqa: S608
    sql(f"GRANT SELECT ON VIEW shown TO `{somebody.name}`")
    assert somebody.sql(f"SELECT b FROM {view}") == [(2,)]  # noqa: S608
    assert somebody.sql(f"SELECT (SELECT max(b) FROM {view})") == [(2,)]  # noqa: S608
    both = f"SELECT b FROM {view} JOIN {table} ON true"  # noqa: S608
    sql(f"GRANT CREATE TABLE ON SCHEMA {schema} TO `{somebody.name}`")
    somebody.sql(f"CREATE TABLE {schema}.own (b INT)")
    for statement in (
        f"SELECT * FROM {table}",  # noqa: S608
        both,
        f"SELECT * FROM {view} WHERE b IN (SELECT a + 1 FROM {table})",  # noqa: S608
        f"SELECT * FROM {view} JOIN {schema}.inner_view ON true",  # noqa: S608
        f"WITH c AS ({both}) SELECT * FROM c",  # noqa: S608
        f"CREATE TABLE {schema}.taken AS {both}",
        f"INSERT INTO {schema}.own {both}",
        f"CACHE TABLE cached AS {both}",
        f"MERGE INTO {schema}.own o USING ({both}) s ON o.b = s.b WHEN NOT MATCHED THEN INSERT *",
    ):
        assert "SELECT on Table" in somebody.denied(statement), statement
    assert somebody.sql(f"SELECT * FROM {schema}.own") == []  # noqa: S608
    assert somebody.sql(f"INSERT INTO {schema}.own SELECT b FROM {view}") == []  # noqa: S608
    assert somebody.sql(f"SELECT * FROM {schema}.own") == [(2,)]  # noqa: S608


def test_data_frames_that_join_a_view_with_its_table_are_refused(
    sql: Sql, schema: str, somebody: Somebody
) -> None:
    from pyspark.errors import AnalysisException

    sql("CREATE TABLE secret AS SELECT 1 AS a")
    sql("CREATE VIEW shown AS SELECT a FROM secret")
    sql(f"GRANT USE SCHEMA ON SCHEMA {schema} TO `{somebody.name}`")
    sql(f"GRANT SELECT ON VIEW shown TO `{somebody.name}`")
    view = somebody.spark.table(f"{schema}.shown")
    view.createOrReplaceTempView("mine")
    assert somebody.sql("SELECT * FROM mine") == [(1,)]
    with pytest.raises(AnalysisException, match=r"SELECT on Table '.*\.secret'"):
        view.crossJoin(somebody.spark.table(f"{schema}.secret")).collect()


def test_a_view_whose_owner_has_lost_the_privilege_says_so(
    sql: Sql, schema: str, somebody: Somebody, someone: str
) -> None:
    sql("CREATE TABLE secret AS SELECT 1 AS a")
    sql("CREATE VIEW shown AS SELECT a FROM secret")
    sql(f"GRANT USE SCHEMA, SELECT ON SCHEMA {schema} TO `{somebody.name}`")
    sql(f"GRANT USE SCHEMA ON SCHEMA {schema} TO `{someone}`")
    sql(f"ALTER VIEW shown OWNER TO `{someone}`")
    message = somebody.denied(f"SELECT * FROM {schema}.shown")  # noqa: S608
    assert f"SELECT on Table '{schema}.secret'" in message
    sql(f"GRANT SELECT ON TABLE secret TO `{someone}`")
    assert somebody.sql(f"SELECT * FROM {schema}.shown") == [(1,)]  # noqa: S608


def test_a_view_of_a_metastore_administrator_reads_what_that_reaches(
    sql: Sql, somebody: Somebody
) -> None:
    catalog = f"theirs{next(_NUMBERS)}"
    sql(f"CREATE CATALOG {catalog}")
    sql(f"CREATE SCHEMA {catalog}.s")
    sql(f"CREATE TABLE {catalog}.s.t AS SELECT 1 AS a")
    sql(f"CREATE VIEW {catalog}.s.shown AS SELECT a FROM {catalog}.s.t")  # noqa: S608
    sql(f"ALTER CATALOG {catalog} OWNER TO `{somebody.name}`")
    assert sql(f"SELECT * FROM {catalog}.s.shown") == [(1,)]  # noqa: S608
    sql(f"DROP CATALOG {catalog} CASCADE")


def test_a_setting_does_not_make_a_statement_a_view(
    sql: Sql, schema: str, somebody: Somebody
) -> None:
    sql("CREATE TABLE secret AS SELECT 1 AS a")
    sql("CREATE VIEW shown AS SELECT a FROM secret")
    sql(f"GRANT USE SCHEMA ON SCHEMA {schema} TO `{somebody.name}`")
    sql(f"GRANT SELECT ON VIEW shown TO `{somebody.name}`")
    somebody.spark.conf.set("spark.bricklane.view", f"{schema}.shown")
    read = f"SELECT * FROM {schema}.secret"  # noqa: S608
    assert "SELECT on Table" in somebody.denied(read)
    assert "SELECT on Table" in somebody.denied(f"CREATE TEMPORARY VIEW mine AS {read}")


def test_files_of_a_volume_need_its_privileges(
    sql: Sql, schema: str, spark: SparkSession, volume: str, somebody: Somebody
) -> None:
    from pyspark.errors import PySparkException

    spark.range(2).write.csv(f"{volume}/given")
    sql(f"GRANT USE SCHEMA ON SCHEMA {schema} TO `{somebody.name}`")
    frame = somebody.spark.range(1)
    reads: list[Callable[[], object]] = [
        lambda: somebody.spark.read.csv(f"{volume}/given").collect(),
        lambda: somebody.sql(f"SELECT * FROM csv.`{volume}/given`"),  # noqa: S608
        lambda: somebody.spark.read.text(f"dbfs:{volume}/given").collect(),
        lambda: somebody.spark.read.format("binaryFile").load(f"file:{volume}/given").collect(),
    ]
    for read in reads:
        with pytest.raises(PySparkException, match=r"READ VOLUME on Volume 'dev\..*\.files'"):
            read()
    sql(f"GRANT READ VOLUME ON VOLUME files TO `{somebody.name}`")
    for read in reads:
        read()
    writes: list[Callable[[], object]] = [
        lambda: frame.write.csv(f"{volume}/taken"),
        lambda: frame.write.format("delta").save(f"{volume}/taken_too"),
        lambda: frame.write.mode("overwrite").csv(f"{volume}/given"),
    ]
    for write in writes:
        with pytest.raises(PySparkException, match=r"WRITE VOLUME on Volume 'dev\..*\.files'"):
            write()
    assert spark.read.csv(f"{volume}/given").count() == 2
    sql(f"GRANT WRITE VOLUME ON VOLUME files TO `{somebody.name}`")
    for write in writes:
        write()


def test_catalog_of_another_workspace_cannot_be_used(sql: Sql, engine: Engine) -> None:
    from pyspark.errors import AnalysisException

    for statement in ("SELECT * FROM prod.default.t", "CREATE TABLE prod.default.t (a INT)"):
        with pytest.raises(AnalysisException, match="Catalog 'prod' is not accessible in current"):
            sql(statement)
    assert ("prod",) not in sql("SHOW CATALOGS")


def test_read_only_binding_lets_nothing_be_written(sql: Sql, engine: Engine) -> None:
    from pyspark.errors import AnalysisException

    sql("CREATE CATALOG bound")
    sql("CREATE TABLE bound.default.t AS SELECT 1 AS a")
    workspace = engine.cloud.request("GET", f"{UNITY}/current-metastore-assignment").json()
    binding = {
        "workspace_id": workspace["workspace_id"],
        "binding_type": "BINDING_TYPE_READ_ONLY",
    }
    for method, path, body in (
        ("PATCH", "/catalogs/bound", {"isolation_mode": "ISOLATED"}),
        ("PATCH", "/bindings/catalog/bound", {"add": [binding]}),
    ):
        assert engine.cloud.request(method, UNITY + path, json=body).ok
    assert sql("SELECT * FROM bound.default.t") == [(1,)]
    for statement in (
        "INSERT INTO bound.default.t VALUES (2)",
        "DELETE FROM bound.default.t",
        "CREATE TABLE bound.default.u (a INT)",
        "DROP TABLE bound.default.t",
        "CREATE SCHEMA bound.s",
        "DROP CATALOG bound CASCADE",
    ):
        with pytest.raises(AnalysisException, match="Catalog 'bound' is read-only in current"):
            sql(statement)
