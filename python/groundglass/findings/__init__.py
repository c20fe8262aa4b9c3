"""What was measured: the records of a result, its numbers as rows and plain types, the layers it marks."""
