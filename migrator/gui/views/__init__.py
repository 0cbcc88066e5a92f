"""The parts of the window. They build widgets, render a part of the screen and report clicks."""
