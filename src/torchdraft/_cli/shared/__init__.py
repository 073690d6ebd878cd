"""What several commands need: arguments, printing, errors, saved programs, torch's logs.

What the command line says goes in; values, lines on the terminal and exit statuses come out. May import every folder.
"""
