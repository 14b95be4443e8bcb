# Databricks notebook source
dbutils.notebook.exit("hello")
