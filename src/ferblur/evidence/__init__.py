"""What a run shows: scores, intervals, facts, verdicts, and how it compares with the committed."""
