"""The one door to torch's private modules: every other folder imports them from here. Imports torch alone."""
