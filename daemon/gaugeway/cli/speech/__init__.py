"""How every command speaks with people: its words, its drawings, its errors and its exit code."""
