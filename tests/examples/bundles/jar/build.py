"""Builds the jar with the Scala compiler among Spark's jars; a team would call sbt or Maven."""

import os
import subprocess
import zipfile
from pathlib import Path

import pyspark

classes = Path("target/classes")
classes.mkdir(parents=True, exist_ok=True)
jars = Path(pyspark.__file__).parent / "jars"
java = [Path(os.environ["JAVA_HOME"]) / "bin" / "java", "-Xss8m", "-XX:TieredStopAtLevel=1"]
compiler = ["-cp", f"{jars}/*", "scala.tools.nsc.Main", "-usejavacp", "-d", classes]
subprocess.run([*java, *compiler, *Path("src").glob("*.scala")], check=True)
with zipfile.ZipFile("target/delays.jar", "w") as archive:
    for file in classes.rglob("*.class"):
        archive.write(file, file.relative_to(classes))
