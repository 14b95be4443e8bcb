# Databricks notebook source
raise ValueError("broken on purpose")
