"""What is shown of a configuration: all that may be written in one, and what one file comes to."""
