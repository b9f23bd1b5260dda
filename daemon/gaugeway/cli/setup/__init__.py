"""What `install` puts in place on a machine, and `uninstall` takes away again."""
