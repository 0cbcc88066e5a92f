"""What each page decides. No tkinter: views draw what these say, and report to them what was pressed."""
