"""A reporter for tests of what a stage tells."""

from __future__ import annotations

from tfedge.progress import SILENT


class Listener:
    """A reporter that keeps what it was told."""

    def __init__(self):
        self.said = []

    def stage(self, title):
        self.said.append(title)

    def say(self, text):
        self.said.append(text)

    def bar(self, label, total):
        return SILENT.bar(label, total)
