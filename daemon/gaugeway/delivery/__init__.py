"""What makes a crash leave no trace: journal, checkpoint, outbox."""
