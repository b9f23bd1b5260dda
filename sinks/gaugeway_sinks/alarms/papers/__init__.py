"""What of alarms is put on disk at once: small files of lines."""
