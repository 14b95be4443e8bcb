# Databricks notebook source
from pathlib import Path

from orbits import farthest

dbutils.notebook.exit(farthest(Path("planets.json")))
