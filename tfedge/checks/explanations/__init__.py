"""What rule ids, gates and the field's error lines mean, offline: `tfedge explain`.

Entries stand in one file a family under `families/`; `catalogue` collects them, `matching` finds them in a text.
A message that quotes a runtime ends with the id of its explanation:

    entry = explanation_for(message)
    hint = f"; explain: {entry.id}" if entry else ""
"""

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.matching import Match, explanation_for, find, find_ids, nearest

__all__ = ["Explanation", "Match", "explanation_for", "find", "find_ids", "nearest"]
