# Databricks notebook source
from pathlib import Path

volume = Path(dbutils.widgets.get("volume"))
(volume / "2013").mkdir(exist_ok=True)
(volume / "2013" / "letter.csv").write_text("sender,words\nAda,12\nGrace,30\n")
dbutils.fs.put(f"{volume}/2013/second.csv", "sender,words\nAlan,7\n", True)

# COMMAND ----------

letters = spark.read.option("header", True).schema("sender STRING, words INT").csv(f"{volume}/2013")
letters.write.mode("overwrite").saveAsTable(f"dev.{dbutils.widgets.get('schema')}.letters")
dbutils.notebook.exit(",".join(sorted(file.name for file in dbutils.fs.ls(f"{volume}/2013"))))
