"""What happens to readings."""
