"""How a running gateway is found and spoken to. What quick commands read imports next to nothing."""
