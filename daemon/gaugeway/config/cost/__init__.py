"""What a configuration will cost to run."""
