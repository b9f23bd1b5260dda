"""What devices say, turned into readings: decoders that know no port, socket or file."""
