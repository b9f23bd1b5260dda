"""A gateway in the background: started and stopped as a unit or a process, and asked while it runs."""
