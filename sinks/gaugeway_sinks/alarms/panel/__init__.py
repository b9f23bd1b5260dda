"""All alarms of a node together, and the views that sinks have of them."""
