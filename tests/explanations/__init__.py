"""What provokes each error that `tfedge explain` knows, and what its advice does then.

`interpreter_cases` and `silent_cases` run in a process of each runtime, `conversion_cases` and `lint_cases` in one
TensorFlow process (`provoke.py` starts a fork for each), `command_cases` are commands, `finding_cases` real findings of
gates, and `recorded` holds the words of errors that cannot be provoked here.
"""
