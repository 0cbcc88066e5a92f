"""The window: views that render a frozen state, and a presenter without tkinter that decides it.

service -> queue -> pump -> presenter -> screen (frozen) -> views
                                ^                             |
                                +---------- intents ----------+
"""
