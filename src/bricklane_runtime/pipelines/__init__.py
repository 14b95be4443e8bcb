"""What runs inside of an update of a pipeline: its dataflow graph, analysed and run."""
