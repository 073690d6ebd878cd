"""What several commands need: arguments, printing, errors, saved programs, torch's logs.

In: what the command line says. Out: values, lines on the terminal, exit statuses. It may import every package.
"""
