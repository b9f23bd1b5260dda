"""What the keys of a file mean: from nodes to typed objects, each entry well in itself."""
