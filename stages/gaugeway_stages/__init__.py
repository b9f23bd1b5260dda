"""What happens to readings: filter, calibrate, normalise, average, thin out, log."""
