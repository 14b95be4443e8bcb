GREETING = "good evening"
