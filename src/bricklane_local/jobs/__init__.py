"""Jobs: their definitions, their runs, and the engine that runs their tasks."""
