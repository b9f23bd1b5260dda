"""The control socket: who may connect, what can be asked, and the answers."""
