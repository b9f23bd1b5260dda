"""What stands in the files, with the place of everything in it, and what is found wrong on the way."""
