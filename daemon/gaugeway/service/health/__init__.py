"""How a gateway is: gathered, judged, and put into words."""
