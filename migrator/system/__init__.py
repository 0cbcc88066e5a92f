"""What the window asks of the system it runs on: stay awake, notify, show a folder."""
